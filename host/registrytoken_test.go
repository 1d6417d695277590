package host_test

import (
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authlatch/authlatch/host"
)

// registryServer is a registry that exchanges every token but those it is told to
// refuse.
type registryServer struct {
	*httptest.Server
	w *world

	mu      sync.Mutex
	tokens  []string // that it was given, in order
	tenants []string
	refused map[string]int // token to status
}

// newRegistry makes a registry that the world's profile trusts and a rule lists.
func newRegistry(t *testing.T, w *world) *registryServer {
	t.Helper()
	s := &registryServer{w: w, refused: map[string]int{}}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	w.Settings = settings(t, fmt.Sprintf("ca_file = %q\n[[rule]]\nhost = %q\nscope = %q\n", ca, s.name(), registryScope))
	return s
}

const registryScope = "https://containerregistry.azure.net/.default"

func (s *registryServer) name() string { return strings.TrimPrefix(s.URL, "https://") }

func (s *registryServer) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token := r.PostFormValue("access_token")
	s.tokens, s.tenants = append(s.tokens, token), append(s.tenants, r.PostFormValue("tenant"))
	if status := s.refused[token]; status != 0 {
		w.WriteHeader(status)
		return
	}
	part := base64.RawURLEncoding.EncodeToString
	claims := fmt.Sprintf(`{"exp":%d,"n":%d}`, s.w.now().Add(3*time.Hour).Unix(), len(s.tokens))
	_, _ = fmt.Fprintf(w, `{"refresh_token":"%s.%s.%s"}`, part([]byte("{}")), part([]byte(claims)), part([]byte("s")))
}

func (s *registryServer) given(t *testing.T, want ...string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if strings.Join(s.tokens, " ") != strings.Join(want, " ") {
		t.Errorf("the registry was given %q, not %q", s.tokens, want)
	}
	s.tokens = nil
}

func (s *registryServer) refuse(token string, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused[token] = status
}

// A registry's token is exchanged once, and kept until its own end.
func TestRegistryTokenIsKept(t *testing.T) {
	w := newWorld(t)
	reg := newRegistry(t, w)
	h := w.host()
	req := host.TokenRequest{Registry: reg.name()}
	first, err := h.GetToken(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "type", first.TokenType, "acr")
	want(t, "end", first.ExpiresOn, w.now().Add(3*time.Hour))
	want(t, "account", first.Account.ID, "alice.home")
	reg.given(t, "token-1")
	wantLaunches(t, w, "browser IF_NEEDED")

	req.Interaction = host.Never
	again, err := h.GetToken(t.Context(), req)
	if err != nil || again.Secret != first.Secret {
		t.Errorf("got %v, %v", again, err)
	}
	req.Scopes = []string{registryScope}
	if again, err = h.GetToken(t.Context(), req); err != nil || again.Secret != first.Secret {
		t.Errorf("with its scope: %v, %v", again, err)
	}
	plain, err := h.GetToken(t.Context(), host.TokenRequest{Scopes: []string{registryScope}, Interaction: host.Never})
	if err != nil || plain.Secret.Reveal() != "token-1" || plain.TokenType != "Bearer" {
		t.Errorf("the account's own token is %v, %v", plain, err)
	}
	reg.given(t)

	// Past its end it is exchanged anew, under a renewed token.
	w.pass(4 * time.Hour)
	if _, err := h.GetToken(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	reg.given(t, "token-2")
	wantLaunches(t, w, "browser NEVER")
}

// What a registry rejects is dropped by its own secret, and the account's token is
// not.
func TestRejectedRegistryToken(t *testing.T) {
	w := newWorld(t)
	reg := newRegistry(t, w)
	h := w.host()
	req := host.TokenRequest{Registry: reg.name()}
	first, err := h.GetToken(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := h.Reject(req, first.Secret); !ok || err != nil {
		t.Fatalf("got %t, %v", ok, err)
	}
	again, err := h.GetToken(t.Context(), req)
	if err != nil || again.Secret == first.Secret {
		t.Errorf("got %v, %v", again, err)
	}
	reg.given(t, "token-1", "token-1")
}

// Past its refresh time a registry's token is handed out, and exchanged anew by
// nobody who waits.
func TestRegistryTokenIsRenewedAhead(t *testing.T) {
	w := newWorld(t)
	reg := newRegistry(t, w)
	var due []host.TokenRequest
	w.Renew = func(r host.TokenRequest) { due = append(due, r) }
	h := w.host()
	first, err := h.GetToken(t.Context(), host.TokenRequest{Registry: reg.name()})
	if err != nil {
		t.Fatal(err)
	}
	w.pass(150 * time.Minute)
	second, err := h.GetToken(t.Context(), host.TokenRequest{Registry: reg.name()})
	if err != nil || second.Secret != first.Secret || len(due) != 1 {
		t.Fatalf("got %v, %v, %d due", second, err, len(due))
	}
	if err := h.Renew(t.Context(), due[0]); err != nil {
		t.Fatal(err)
	}
	third, err := h.GetToken(t.Context(), host.TokenRequest{Registry: reg.name()})
	if err != nil || third.Secret == first.Secret {
		t.Errorf("got %v, %v", third, err)
	}
	reg.given(t, "token-1", "token-2")
}

// A token that the registry refuses may be one that was revoked: another one says.
func TestRefusedByTheRegistry(t *testing.T) {
	w := newWorld(t)
	reg := newRegistry(t, w)
	h := w.host()
	reg.refuse("token-1", http.StatusUnauthorized)
	if _, err := h.GetToken(t.Context(), host.TokenRequest{Registry: reg.name()}); err != nil {
		t.Fatal(err)
	}
	reg.given(t, "token-1", "token-2")

	w2 := newWorld(t)
	reg2 := newRegistry(t, w2)
	reg2.refuse("token-1", http.StatusUnauthorized)
	reg2.refuse("token-2", http.StatusUnauthorized)
	_, err := w2.host().GetToken(t.Context(), host.TokenRequest{Registry: reg2.name()})
	p := problem(t, err)
	want(t, "code", p.Code, host.ExitRefused)
	if !strings.Contains(p.What, "does not accept the account's token") || !strings.Contains(p.Next, "AcrPull") {
		t.Errorf("got %v, %s", p, p.Next)
	}
	reg2.given(t, "token-1", "token-2")
}

// The tenant that is sent is one that the registry is sure to know, or none.
func TestTenantOfTheExchange(t *testing.T) {
	const guid = "11111111-2222-3333-4444-555555555555"
	for tenant, sent := range map[string]string{"": "home", guid: guid, "contoso.example": ""} {
		w := newWorld(t)
		reg := newRegistry(t, w)
		w.Settings.AdditionallyAllowedTenants = []string{"*"}
		_, err := w.host().GetToken(t.Context(), host.TokenRequest{Registry: reg.name(), Tenant: tenant})
		if err != nil || len(reg.tenants) != 1 || reg.tenants[0] != sent {
			t.Errorf("%q: sent %q, %v", tenant, reg.tenants, err)
		}
	}
}

// The host proves a registry again, whatever its caller has said, and nobody is
// even asked to sign in for another.
func TestOnlyRegistriesGetTokens(t *testing.T) {
	w := newWorld(t)
	reg := newRegistry(t, w)
	h := w.host()
	for name, c := range map[string]struct {
		req  host.TokenRequest
		code host.ExitCode
	}{
		"another host":     {host.TokenRequest{Registry: "registry.evil.example"}, host.ExitPolicy},
		"a suffix":         {host.TokenRequest{Registry: "contosoreg.azurecr.io.evil.example"}, host.ExitPolicy},
		"a user name":      {host.TokenRequest{Registry: "contosoreg.azurecr.io@evil.example"}, host.ExitPolicy},
		"a path":           {host.TokenRequest{Registry: reg.name() + "/x"}, host.ExitPolicy},
		"a data endpoint":  {host.TokenRequest{Registry: "contosoreg.westeurope.data.azurecr.io"}, host.ExitPolicy},
		"another cloud":    {host.TokenRequest{Registry: "contosoreg.azurecr.cn"}, host.ExitPolicy},
		"another service":  {host.TokenRequest{Registry: "dev.azure.com"}, host.ExitPolicy},
		"another scope":    {host.TokenRequest{Registry: reg.name(), Scopes: []string{"https://vault.azure.net/.default"}}, host.ExitPolicy},
		"an ID token":      {host.TokenRequest{Registry: reg.name(), IDToken: true}, host.ExitUsage},
		"a bound token":    {host.TokenRequest{Registry: reg.name(), TokenType: "pop", ReqCnf: "x", KeyID: "k"}, host.ExitUsage},
		"a strange tenant": {host.TokenRequest{Registry: reg.name(), Tenant: "fabrikam.example"}, host.ExitOther},
	} {
		if c.code == host.ExitOther {
			w.Settings.Tenant = "contoso.example"
			h, c.code = w.host(), host.ExitPolicy
		}
		_, err := h.GetToken(t.Context(), c.req)
		want(t, name, code(err), c.code)
	}
	reg.given(t)
	wantLaunches(t, w)
}

// All who ask at once share one exchange, in one process and in several.
func TestOneExchangeForAll(t *testing.T) {
	w := newWorld(t)
	reg := newRegistry(t, w)
	hosts := []*host.Host{w.host(), w.host()}
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			if _, err := hosts[i%2].GetToken(t.Context(), host.TokenRequest{Registry: reg.name()}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	reg.given(t, "token-1")
	wantLaunches(t, w, "browser IF_NEEDED")
}

// A registry that cannot be trusted or reached is the network's trouble, and no
// reason to sign in again.
func TestUntrustedRegistry(t *testing.T) {
	w := newWorld(t)
	reg := newRegistry(t, w)
	w.Settings.CAFile = ""
	_, err := w.host().GetToken(t.Context(), host.TokenRequest{Registry: reg.name()})
	p := problem(t, err)
	want(t, "code", p.Code, host.ExitUnavailable)
	if !strings.Contains(p.Next, "ca_file") {
		t.Errorf("next is %q", p.Next)
	}
	reg.given(t)
}
