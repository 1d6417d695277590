package acr_test

import (
	"context"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/authlatch/authlatch/host/acr"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "entra-access-token"

// server is a registry that answers with the handlers in turn, and a client that
// trusts it and never really waits.
type server struct {
	*httptest.Server
	client acr.Client
	pauses []time.Duration
	calls  int
}

func serve(t *testing.T, handlers ...http.HandlerFunc) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.calls++
		handlers[min(s.calls, len(handlers))-1](w, r)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	s.client = acr.Client{
		Roots: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}),
		Sleep: func(_ context.Context, d time.Duration) error { s.pauses = append(s.pauses, d); return nil },
	}
	return s
}

func (s *server) registry() string { return strings.TrimPrefix(s.URL, "https://") }

func (s *server) exchange(t *testing.T) (acr.Token, error) {
	t.Helper()
	return s.client.Exchange(t.Context(), s.registry(), "tenant-id", secret)
}

// jwt is a token with the claims, signed by nobody.
func jwt(claims string) string {
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"alg":"RS256"}`)) + "." + part([]byte(claims)) + "." + part([]byte("signature"))
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func good(exp string) http.HandlerFunc {
	return says(http.StatusOK, fmt.Sprintf(`{"refresh_token":%q}`, jwt(`{"exp":`+exp+`}`)))
}

// The request is the documented one, and the token's end is the JWT's.
func TestTheDocumentedExchange(t *testing.T) {
	var form map[string][]string
	var method, path, kind string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		form, method, path, kind = r.PostForm, r.Method, r.URL.String(), r.Header.Get("Content-Type")
		good("1800010800")(w, r)
	})
	token, err := s.exchange(t)
	if err != nil || token.Secret != jwt(`{"exp":1800010800}`) || token.ExpiresOn.Unix() != 1_800_010_800 {
		t.Fatalf("got %+v, %v", token, err)
	}
	if method != "POST" || path != "/oauth2/exchange" || kind != "application/x-www-form-urlencoded" {
		t.Errorf("got %s %s of %s", method, path, kind)
	}
	for name, value := range map[string]string{"grant_type": "access_token", "service": s.registry(), "tenant": "tenant-id", "access_token": secret} {
		if !slices.Equal(form[name], []string{value}) {
			t.Errorf("%s is %q", name, form[name])
		}
	}
	if _, err := s.client.Exchange(t.Context(), s.registry(), "", secret); err != nil || form["tenant"] != nil || len(form) != 3 {
		t.Errorf("without a tenant: %q, %v", form, err)
	}
}

// Whatever else comes is an error in a sentence, without the token and with
// nothing of the answer that could move a cursor.
func TestOtherAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		answer    http.HandlerFunc
		says      string
		temporary bool
		calls     int
	}{
		"401":           {says(401, `{"errors":[{"code":"UNAUTHORIZED","message":"bad \u001b[31mtoken"}]}`), "does not accept the account's token (HTTP 401)", false, 1},
		"403":           {says(403, "no"), "denied access (HTTP 403)", false, 1},
		"404":           {says(404, "<html>"), "is it an Azure Container Registry?", false, 1},
		"400":           {says(400, `{"errors":[]}`), "refused the request (HTTP 400)", false, 1},
		"429":           {says(429, ""), "is busy or failing (HTTP 429)", true, 3},
		"503":           {says(503, ""), "is busy or failing (HTTP 503)", true, 3},
		"no JSON":       {says(200, "<html>"), "without a refresh token", false, 1},
		"no token":      {says(200, `{"access_token":"x"}`), "without a refresh token", false, 1},
		"no JWT":        {says(200, `{"refresh_token":"opaque"}`), "no JWT with an expiry", false, 1},
		"a line more":   {says(200, `{"refresh_token":"`+strings.Replace(jwt(`{"exp":1800010800}`), ".", `.\n`, 1)+`"}`), "no JWT", false, 1},
		"no expiry":     {good("null"), "no JWT with an expiry", false, 1},
		"a huge expiry": {good("1e300"), "no JWT with an expiry", false, 1},
		"too much":      {says(200, strings.Repeat(" ", 65<<10)), "answered too much", false, 1},
		"broken off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "{")
		}, "broke off its answer", true, 3},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, c.answer)
			_, err := s.exchange(t)
			var failed *acr.Error
			if !errors.As(err, &failed) || !strings.Contains(err.Error(), c.says) || failed.Temporary() != c.temporary {
				t.Fatalf("got %v, want %q", err, c.says)
			}
			if s.calls != c.calls {
				t.Errorf("%d calls, not %d", s.calls, c.calls)
			}
			if text := err.Error() + failed.Message; strings.Contains(text, secret) || strings.Contains(text, "\x1b") {
				t.Errorf("the text is %q", text)
			}
		})
	}
}

// A busy registry is asked again, as late as it says.
func TestABusyRegistryIsAskedAgain(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusTooManyRequests)
	}, says(502, ""), good("1800010800"))
	if _, err := s.exchange(t); err != nil {
		t.Fatal(err)
	}
	if want := []time.Duration{7 * time.Second, time.Second}; !slices.Equal(s.pauses, want) {
		t.Errorf("paused %v, not %v", s.pauses, want)
	}
	far := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	_, err := far.exchange(t)
	var failed *acr.Error
	if !errors.As(err, &failed) || failed.RetryAfter != time.Hour || far.calls != 1 {
		t.Errorf("got %v after %d calls", err, far.calls)
	}
}

// No redirect takes the token anywhere, not even to another path.
func TestNoRedirectIsFollowed(t *testing.T) {
	var leaked int
	elsewhere := serve(t, func(w http.ResponseWriter, r *http.Request) { leaked++; good("1800010800")(w, r) })
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, to := range []string{elsewhere.URL + "/oauth2/exchange", "/oauth2/exchange2", "//" + elsewhere.registry() + "/"} {
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", to)
				w.WriteHeader(status)
			})
			_, err := s.exchange(t)
			if err == nil || !strings.Contains(err.Error(), "redirect, which is not followed") || s.calls != 1 || leaked != 0 {
				t.Errorf("%d to %s: %v, %d calls, %d elsewhere", status, to, err, s.calls, leaked)
			}
		}
	}
}

// A server that cannot prove who it is gets nothing.
func TestAnUntrustedServerGetsNothing(t *testing.T) {
	s := serve(t, good("1800010800"))
	s.client.Roots = nil
	_, err := s.exchange(t)
	var failed *acr.Error
	if !errors.As(err, &failed) || !failed.Untrusted || s.calls != 0 {
		t.Errorf("got %v after %d calls", err, s.calls)
	}
	s.client.Roots = []byte("no certificate")
	if _, err = s.exchange(t); err == nil || !strings.Contains(err.Error(), "ca_file") || s.calls != 0 {
		t.Errorf("got %v", err)
	}
}

// Who gives up gets his own reason, at once.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // or the server does not hear that the client has gone
		cancel(why)
		<-r.Context().Done()
	})
	if _, err := s.client.Exchange(ctx, s.registry(), "", secret); !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
}
