package emulator_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/authlatch/authlatch/emulator"
	"github.com/authlatch/authlatch/emulator/person"
)

func TestAuthorizationCode(t *testing.T) {
	s := start(t, emulator.Options{})
	for _, user := range []string{alice, "mfa@contoso.example", "noconsent@contoso.example", "fed@contoso.example"} {
		t.Run(user, func(t *testing.T) {
			code, uri := signIn(t, s, user)
			got := tokenRequest(t, s, codeForm(code, uri)).ok(t)
			if id := payload(t, got.IDToken); id["nonce"] != "the-nonce" || id["preferred_username"] != user {
				t.Errorf("the id token says %v", id)
			}
			if got.RefreshToken == "" {
				t.Error("no refresh token")
			}
		})
	}
	if got := s.Counters(); got.Prompts != 4 || got.SignIns != 4 || got.Authorize != 4 || got.Token["authorization_code"] != 4 {
		t.Errorf("counted %+v", got)
	}
	// Consent given in the browser lasts: the password grant works now.
	tokenRequest(t, s, passwordForm("noconsent@contoso.example")).ok(t)
}

func TestCodeRedemptionRefused(t *testing.T) {
	at := newClock()
	s := start(t, emulator.Options{Now: at.now})
	for _, c := range []struct {
		name, oauth string
		aadsts      int
		change      []string
		late        time.Duration
	}{
		{name: "wrong verifier", oauth: "invalid_grant", aadsts: 501481, change: []string{"code_verifier", strings.Repeat("x", 43)}},
		{name: "verifier too short", oauth: "invalid_grant", aadsts: 501481, change: []string{"code_verifier", "short"}},
		{name: "no verifier", oauth: "invalid_grant", aadsts: 50148, change: []string{"code_verifier", ""}},
		{name: "other redirect", oauth: "invalid_grant", aadsts: 500112, change: []string{"redirect_uri", redirect}},
		{name: "no redirect", oauth: "invalid_request", aadsts: 900144, change: []string{"redirect_uri", ""}},
		{name: "other client", oauth: "invalid_grant", aadsts: 70000, change: []string{"client_id", emulator.AKSClient}},
		{name: "unknown code", oauth: "invalid_grant", aadsts: 70000, change: []string{"code", "guess"}},
		{name: "wider scope", oauth: "invalid_scope", aadsts: 70011, change: []string{"scope", "https://vault.azure.net/.default"}},
		{name: "too late", oauth: "invalid_grant", aadsts: 70008, late: 11 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, uri := signIn(t, s, alice)
			at.advance(c.late)
			tokenRequest(t, s, with(codeForm(code, uri), c.change...)).want(t, c.oauth, c.aadsts)
		})
	}
}

// A code that comes twice was stolen once: what it gave is void.
func TestCodeReuseRevokes(t *testing.T) {
	s := start(t, emulator.Options{})
	code, uri := signIn(t, s, alice)
	first := tokenRequest(t, s, codeForm(code, uri)).ok(t)
	tokenRequest(t, s, codeForm(code, uri)).want(t, "invalid_grant", 54005)
	tokenRequest(t, s, refreshForm(first.RefreshToken)).want(t, "invalid_grant", 70000)
	if got := s.Counters().Revoked; got != 1 {
		t.Errorf("%d families revoked", got)
	}
}

// What is wrong with the redirect URI or the client is shown, never sent there.
func TestAuthorizeShowsErrors(t *testing.T) {
	s := start(t, emulator.Options{})
	for _, c := range []struct {
		name, code string
		change     []string
	}{
		{"unregistered redirect", "AADSTS50011", []string{"redirect_uri", "http://evil.example"}},
		{"other loopback path", "AADSTS50011", []string{"redirect_uri", "http://localhost:1/other"}},
		{"https on loopback", "AADSTS50011", []string{"redirect_uri", "https://localhost:1"}},
		{"look-alike", "AADSTS50011", []string{"redirect_uri", "http://localhost.evil.example"}},
		{"userinfo", "AADSTS50011", []string{"redirect_uri", "http://localhost@evil.example"}},
		{"no redirect", "AADSTS900144", []string{"redirect_uri", ""}},
		{"unknown client", "AADSTS700016", []string{"client_id", "11111111-1111-4111-8111-111111111111"}},
		{"unknown response mode", "AADSTS9002313", []string{"response_mode", "web_message"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			response, err := newBrowser(t, s).Get(authorizeURL(s, with(authorizeValues(redirect), c.change...)))
			got := read(t, response, err)
			if got.status != http.StatusBadRequest || !strings.Contains(got.raw, c.code) {
				t.Errorf("got %d: %s", got.status, got.raw)
			}
		})
	}
}

func TestAuthorizeRedirectsErrors(t *testing.T) {
	s := start(t, emulator.Options{})
	for _, c := range []struct {
		name, oauth, code string
		change            []string
	}{
		{"response type", "unsupported_response_type", "AADSTS700054", []string{"response_type", "token"}},
		{"no response type", "invalid_request", "AADSTS900144", []string{"response_type", ""}},
		{"no scope", "invalid_request", "AADSTS900144", []string{"scope", ""}},
		{"bad scope", "invalid_scope", "AADSTS70011", []string{"scope", "https://.default"}},
		{"prompt", "invalid_request", "AADSTS90023", []string{"prompt", "please"}},
		{"short challenge", "invalid_request", "AADSTS501491", []string{"code_challenge", "short"}},
		{"challenge method", "invalid_request", "AADSTS9002313", []string{"code_challenge_method", "S512"}},
		{"claims", "invalid_request", "AADSTS9002313", []string{"claims", "nonsense"}},
		{"nobody signed in", "login_required", "AADSTS50058", []string{"prompt", "none"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			values := with(authorizeValues(redirect), append(c.change, "response_mode", "query")...)
			response, err := newBrowser(t, s).Get(authorizeURL(s, values))
			got := read(t, response, err)
			target, err := url.Parse(got.header.Get("Location"))
			if err != nil || target.Host != "localhost:1" {
				t.Fatalf("got %d to %q", got.status, got.header.Get("Location"))
			}
			q := target.Query()
			if q.Get("error") != c.oauth || !strings.HasPrefix(q.Get("error_description"), c.code) || q.Get("state") != "the-state" {
				t.Errorf("got %v", q)
			}
		})
	}
}

func TestResponseModes(t *testing.T) {
	s := start(t, emulator.Options{})
	l := listen(t)
	final, body, err := someone(s, alice).SignIn(t.Context(), authorizeURL(s, with(authorizeValues(l.url), "response_mode", "query")))
	if err != nil || !strings.Contains(final, "code=") || body != "welcome back" {
		t.Errorf("query: %s, %s, %v", final, body, err)
	}
	<-l.got
	final, _, err = someone(s, alice).SignIn(t.Context(), authorizeURL(s, with(authorizeValues(l.url), "response_mode", "fragment")))
	if err != nil || !strings.Contains(final, "#code=") {
		t.Errorf("fragment: %s, %v", final, err)
	}
	if got := <-l.got; len(got) != 0 {
		t.Errorf("a fragment reached the server: %v", got)
	}
}

func TestCancel(t *testing.T) {
	s := start(t, emulator.Options{})
	l := listen(t)
	if _, _, err := someone(s, alice).CancelSignIn(t.Context(), authorizeURL(s, authorizeValues(l.url))); err != nil {
		t.Fatal(err)
	}
	got := <-l.got
	if got.Get("error") != "access_denied" || !strings.HasPrefix(got.Get("error_description"), "AADSTS65004") || got.Get("error_subcode") != "cancel" || got.Get("state") != "the-state" {
		t.Errorf("got %v", got)
	}
	if c := s.Counters(); c.Prompts != 1 || c.Cancelled != 1 || c.SignIns != 0 {
		t.Errorf("counted %+v", c)
	}
}

func TestSignInRefusedOnThePage(t *testing.T) {
	s := start(t, emulator.Options{})
	for _, c := range []struct{ user, password, says string }{
		{alice, "wrong", "AADSTS50126"},
		{"nobody@contoso.example", "x", "find an account"},
		{"disabled@contoso.example", passwordOf("disabled@"), "AADSTS50057"},
	} {
		_, _, err := person.New(s.Client(), c.user, c.password).SignIn(t.Context(), authorizeURL(s, authorizeValues(redirect)))
		if !errors.Is(err, person.ErrRefused) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.user, err)
		}
	}
	// Where nothing can be done in the browser the application is told.
	for _, c := range []struct{ user, oauth, says string }{
		{"device@contoso.example", "interaction_required", "AADSTS53000"},
		{"msa@outlook.example", "access_denied", "AADSTS50020"},
	} {
		l := listen(t)
		if _, _, err := someone(s, c.user).SignIn(t.Context(), authorizeURL(s, authorizeValues(l.url))); err != nil {
			t.Fatal(err)
		}
		if got := <-l.got; got.Get("error") != c.oauth || !strings.HasPrefix(got.Get("error_description"), c.says) {
			t.Errorf("%s: %v", c.user, got)
		}
	}
}

// A browser that is signed in is not asked again, unless the prompt says so.
func TestSingleSignOn(t *testing.T) {
	s := start(t, emulator.Options{})
	p := someone(s, alice)
	l := listen(t)
	go1 := func(t *testing.T, change ...string) url.Values {
		t.Helper()
		if _, _, err := p.SignIn(t.Context(), authorizeURL(s, with(authorizeValues(l.url), change...))); err != nil {
			t.Fatal(err)
		}
		return <-l.got
	}
	for _, c := range []struct {
		name    string
		prompts int // in all
		change  []string
		err     string
	}{
		{"first", 1, nil, ""},
		{"again", 1, nil, ""},
		{"none", 1, []string{"prompt", "none"}, ""},
		{"none with hint", 1, []string{"prompt", "none", "login_hint", alice}, ""},
		{"none for another", 1, []string{"prompt", "none", "login_hint", "bob@contoso.example"}, "login_required"},
		{"select_account", 2, []string{"prompt", "select_account"}, ""},
		{"login", 3, []string{"prompt", "login"}, ""},
		{"consent", 4, []string{"prompt", "consent"}, ""},
	} {
		got := go1(t, c.change...)
		if got.Get("error") != c.err {
			t.Errorf("%s: %v", c.name, got)
		}
		if n := s.Counters().Prompts; n != c.prompts {
			t.Errorf("%s: %d prompts, want %d", c.name, n, c.prompts)
		}
	}
	if err := s.RevokeSessions(alice); err != nil {
		t.Fatal(err)
	}
	if got := go1(t, "prompt", "none"); got.Get("error") != "login_required" {
		t.Errorf("after the revocation: %v", got)
	}
}

func TestConfidentialAndOtherApps(t *testing.T) {
	s := start(t, emulator.Options{Apps: []emulator.App{{ID: "22222222-2222-4222-8222-222222222222", Name: "Mine", RedirectURIs: []string{"http://127.0.0.1/cb"}}}})
	l := listen(t)
	uri := strings.Replace(l.url, "localhost", "127.0.0.1", 1) + "/cb"
	values := with(authorizeValues(uri), "client_id", "22222222-2222-4222-8222-222222222222")
	if _, _, err := someone(s, alice).SignIn(t.Context(), authorizeURL(s, values)); err != nil {
		t.Fatal(err)
	}
	code := (<-l.got).Get("code")
	tokenRequest(t, s, with(codeForm(code, uri), "client_id", "22222222-2222-4222-8222-222222222222")).ok(t)
}
