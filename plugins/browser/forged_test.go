package browser

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/emulator"
	"github.com/authlatch/authlatch/plugins/internal/entra/entratest"
)

// While the person signs in, others knock at the redirect URI: a browser's own
// curiosity and a foreign page's forgeries. None ends the sign-in, puts a code
// in its place, or reaches the token endpoint; a replay afterwards finds nobody.
func TestForgedAnswers(t *testing.T) {
	e := entratest.Start(t, emulator.Options{})
	someone := e.Person(alice)
	stranger := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	var redirect string

	p := whoDoes(t, func(ctx context.Context, authorize string) (string, error) {
		u, err := url.Parse(authorize)
		if err != nil {
			return "", err
		}
		redirect = u.Query().Get("redirect_uri")
		knock := func(method, path string, form url.Values) {
			body := form.Encode()
			target := redirect + path
			if method == http.MethodGet && form != nil {
				target += "?" + body
			}
			req, err := http.NewRequestWithContext(ctx, method, target, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.Header.Set("Origin", "https://attacker.example")
			resp, err := stranger.Do(req)
			if err != nil {
				t.Errorf("%s %s: %v", method, path, err)
				return
			}
			resp.Body.Close()
			if resp.StatusCode != http.StatusNotFound && resp.StatusCode != http.StatusBadRequest {
				t.Errorf("%s %s: status %d", method, path, resp.StatusCode)
			}
		}
		knock("GET", "/", nil)
		knock("GET", "/favicon.ico", nil)
		knock("HEAD", "/", nil)
		knock("OPTIONS", "/", nil)
		for _, method := range []string{"GET", "POST"} {
			for _, state := range []url.Values{{}, {"state": {""}}, {"state": {"guess"}}, {"state": {"a", "b"}}} {
				for _, answer := range []url.Values{
					{"error": {"access_denied"}, "error_description": {"AADSTS65004: forged"}},
					{"code": {"forged"}},
					{"code": {"forged"}, "error": {"access_denied"}},
				} {
					for k, v := range state {
						answer[k] = v
					}
					knock(method, "/", answer)
				}
			}
		}
		_, body, err := someone.SignIn(ctx, authorize)
		return body, err
	})
	tok, err := getToken(t, e, e.Request(), p)
	if err != nil {
		t.Fatal(err)
	}
	if tok.Account.Username != alice || !strings.Contains(p.pages[0], signedIn) {
		t.Errorf("account %+v, page %q", tok.Account, p.pages[0])
	}
	if c := e.Counters(); c.Prompts != 1 || c.Token["authorization_code"] != 1 {
		t.Errorf("%d prompts and %d codes, want one each", c.Prompts, c.Token["authorization_code"])
	}
	if resp, err := stranger.Get(redirect); err == nil {
		resp.Body.Close()
		t.Error("the listener outlived the sign-in")
	}
}
