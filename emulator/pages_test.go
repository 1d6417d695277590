package emulator_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/authlatch/authlatch/emulator"
)

var hidden = regexp.MustCompile(`name="(flow|csrf)" value="([^"]+)"`)

// TestPageHeaders: nothing may be loaded from elsewhere, framed or kept, and
// the page says what it is.
func TestPageHeaders(t *testing.T) {
	s := start(t, emulator.Options{})
	for _, path := range []string{"/", "/device", "/error?code=50126", "/organizations/oauth2/v2.0/authorize?" + authorizeValues(redirect).Encode()} {
		response, err := newBrowser(t, s).Get(s.URL() + path)
		got := read(t, response, err)
		policy := got.header.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: the policy %q lacks %s", path, policy, part)
			}
		}
		if !strings.Contains(got.header.Get("Cache-Control"), "no-store") {
			t.Errorf("%s may be stored", path)
		}
		for _, part := range []string{"Emulator — not Microsoft", `<html lang="en">`, "<main", "<h1>"} {
			if !strings.Contains(got.raw, part) {
				t.Errorf("%s lacks %s", path, part)
			}
		}
		if strings.Contains(got.raw, "<script") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s has a script", path)
		}
	}
}

// What a request says is text on a page, never markup.
func TestPagesEscape(t *testing.T) {
	s := start(t, emulator.Options{})
	evil := `"><script>alert(1)</script>`
	for _, path := range []string{
		"/device?user_code=" + url.QueryEscape(evil),
		"/error?code=" + url.QueryEscape(evil),
		"/organizations/oauth2/v2.0/authorize?" + with(authorizeValues(redirect), "login_hint", evil).Encode(),
		"/organizations/oauth2/v2.0/authorize?" + with(authorizeValues(evil)).Encode(),
		"/organizations/oauth2/v2.0/authorize?" + with(authorizeValues(redirect), "client_id", evil).Encode(),
	} {
		response, err := newBrowser(t, s).Get(s.URL() + path)
		if got := read(t, response, err); strings.Contains(got.raw, "<script>alert") {
			t.Errorf("%s: %s", path, got.raw)
		}
	}
}

// A form works only in the browser it was shown to, with its own token, in time.
func TestForgedForms(t *testing.T) {
	at := newClock()
	s := start(t, emulator.Options{Now: at.now})
	victim := newBrowser(t, s)
	response, err := victim.Get(authorizeURL(s, authorizeValues(redirect)))
	page := read(t, response, err)
	values := url.Values{"action": {"next"}, "username": {alice}}
	for _, m := range hidden.FindAllStringSubmatch(page.raw, -1) {
		values.Set(m[1], m[2])
	}
	if len(values) != 4 {
		t.Fatalf("the form holds %d fields", len(values))
	}
	submit := func(c *http.Client, v url.Values) int {
		response, err := c.PostForm(s.URL()+"/signin", v)
		return read(t, response, err).status
	}
	if got := submit(newBrowser(t, s), values); got != http.StatusBadRequest {
		t.Errorf("another browser: %d", got)
	}
	if got := submit(victim, with(values, "csrf", "guess")); got != http.StatusBadRequest {
		t.Errorf("a wrong token: %d", got)
	}
	if got := submit(victim, values); got != http.StatusOK {
		t.Errorf("the true form: %d", got)
	}
	at.advance(15 * time.Minute)
	if got := submit(victim, values); got != http.StatusBadRequest {
		t.Errorf("too late: %d", got)
	}
}

// The page that returns to the application works with scripts and without, and
// may lead there only.
func TestFormPostPage(t *testing.T) {
	s := start(t, emulator.Options{})
	b := newBrowser(t, s)
	response, err := b.Get(authorizeURL(s, with(authorizeValues(redirect), "prompt", "none")))
	got := read(t, response, err)
	policy := got.header.Get("Content-Security-Policy")
	nonce := regexp.MustCompile(`script-src 'nonce-([^']+)'`).FindStringSubmatch(policy)
	if len(nonce) != 2 || !strings.Contains(got.raw, `<script nonce="`+nonce[1]+`">`) {
		t.Errorf("the script would not run under %s", policy)
	}
	if !strings.Contains(policy, "form-action 'self' http://localhost:1") || !strings.Contains(got.raw, `action="http://localhost:1"`) {
		t.Errorf("the form leads elsewhere: %s", policy)
	}
	if !strings.Contains(got.raw, "<noscript>") || !strings.Contains(got.raw, ">Continue</button>") {
		t.Error("there is no button for browsers without scripts")
	}
}

func TestLogout(t *testing.T) {
	s := start(t, emulator.Options{})
	p := someone(s, alice)
	l := listen(t)
	visit := func(change ...string) url.Values {
		if _, _, err := p.SignIn(t.Context(), authorizeURL(s, with(authorizeValues(l.url), change...))); err != nil {
			t.Fatal(err)
		}
		return <-l.got
	}
	visit()
	if _, _, err := p.SignIn(t.Context(), s.Authority("common")+"/oauth2/v2.0/logout"); err != nil {
		t.Fatal(err)
	}
	if got := visit("prompt", "none"); got.Get("error") != "login_required" {
		t.Errorf("got %v", got)
	}
}
