package emulator_test

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/emulator"
)

// newLoopback serves plain HTTP and returns its address as http://localhost:PORT.
func newLoopback(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
}

// listener is an application's loopback redirect: it keeps what it was sent.
type listener struct {
	url string
	got chan url.Values
}

func listen(t *testing.T) *listener {
	t.Helper()
	l := &listener{got: make(chan url.Values, 1)}
	server := newLoopback(t, func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		l.got <- r.Form
		_, _ = io.WriteString(w, "welcome back")
	})
	l.url = server
	return l
}

func challengeOf(v string) string {
	sum := sha256.Sum256([]byte(v))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func authorizeValues(redirectURI string) url.Values {
	return form("client_id", emulator.AzureCLIClient, "response_type", "code", "redirect_uri", redirectURI,
		"scope", armScope+" openid profile offline_access", "state", "the-state", "nonce", "the-nonce",
		"code_challenge", challengeOf(verifier), "code_challenge_method", "S256", "response_mode", "form_post")
}

func authorizeURL(s *emulator.Server, v url.Values) string {
	return s.Authority("organizations") + "/oauth2/v2.0/authorize?" + v.Encode()
}

func codeForm(code, redirectURI string) url.Values {
	return form("grant_type", "authorization_code", "client_id", emulator.AzureCLIClient, "code", code,
		"redirect_uri", redirectURI, "code_verifier", verifier, "client_info", "1")
}

// signIn gets an authorization code by way of the pages.
func signIn(t *testing.T, s *emulator.Server, username string, change ...string) (code, redirectURI string) {
	t.Helper()
	l := listen(t)
	if _, _, err := someone(s, username).SignIn(t.Context(), authorizeURL(s, with(authorizeValues(l.url), change...))); err != nil {
		t.Fatal(err)
	}
	answer := <-l.got
	if answer.Get("code") == "" || answer.Get("state") != "the-state" {
		t.Fatalf("the redirect carried %v", answer)
	}
	return answer.Get("code"), l.url
}
