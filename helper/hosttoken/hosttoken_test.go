package hosttoken_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/authlatch/authlatch/helper/exchange"
	"github.com/authlatch/authlatch/helper/hosttoken"
	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/service"
	"github.com/authlatch/authlatch/host/service/servicetest"
	"github.com/authlatch/authlatch/host/store"
)

const rules = `version = 1
default_profile = "work"
[profiles.work]
tenant = "contoso.example"
[profiles.china]
cloud = "china"
tenant = "contoso.example"
[[rule]]
host = "dev.azure.com/fabrikam"
profile = "china"
[[rule]]
host = "cache.corp.example"
scope = "api://cache/.default"
profile = "work"
`

// source answers with one token, and keeps what it was asked.
type source struct {
	path  string
	asked []exchange.Request
}

func newSource(t *testing.T) *source {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(path, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	return &source{path: path}
}

func noEnv(string) string { return "" }

func (s *source) File(string) (*config.File, error) { return config.Load(s.path, noEnv) }

func (s *source) Resolve(f *config.File, profile string) (config.Settings, error) {
	return config.Resolve(f, config.Flags{Profile: profile}, noEnv)
}

func (s *source) Token(_ context.Context, _ config.Settings, q exchange.Request) (store.Token, error) {
	s.asked = append(s.asked, q)
	return store.Token{Secret: store.NewSecret("tok.en")}, nil
}

func TestGet(t *testing.T) {
	const devOps = "499b84ac-1321-427f-aa17-267ca6975798/.default"
	for url, want := range map[string]exchange.Request{
		"https://pkgs.dev.azure.com/contoso/_packaging/f": {Scopes: []string{devOps}},
		"pkgs.dev.azure.com":                              {Scopes: []string{devOps}},
		"https://dev.azure.com/fabrikam/p":                {Scopes: []string{devOps}, Profile: "china"}, // the rule says so
		"https://cache.corp.example/ac?x=y":               {Scopes: []string{"api://cache/.default"}, Profile: "work"},
		"https://acct1.blob.core.windows.net/c":           {}, // not asked for
		"https://contosoreg.azurecr.io/":                  {},
		"https://evil.example/":                           {},
	} {
		s := newSource(t)
		token, m, err := hosttoken.Get(t.Context(), s, url, hosttoken.Request{
			Client: "x", Interaction: "never", Of: []service.Service{service.DevOps, service.Custom},
		})
		if want.Scopes == nil {
			if !errors.Is(err, hosttoken.ErrNotOurs) || len(s.asked) > 0 {
				t.Errorf("%s: %v, asked %+v", url, err, s.asked)
			}
			continue
		}
		if err != nil || token.Secret.Reveal() != "tok.en" || m.Scope != want.Scopes[0] {
			t.Errorf("%s: %v, %+v", url, err, m)
			continue
		}
		if q := s.asked[0]; len(q.Scopes) != 1 || q.Scopes[0] != want.Scopes[0] || q.Profile != want.Profile || q.Client != "x" || q.Interaction != "never" {
			t.Errorf("%s: asked %+v", url, q)
		}
	}
}

// Another cloud's profile gives nothing to a built-in host.
func TestAnotherCloud(t *testing.T) {
	s := newSource(t)
	_, _, err := hosttoken.Get(t.Context(), chinese{s}, "pkgs.dev.azure.com", hosttoken.Request{})
	var refused *config.Error
	if !errors.As(err, &refused) || refused.ExitCode() != 7 || len(s.asked) > 0 {
		t.Errorf("%v, asked %+v", err, s.asked)
	}
}

type chinese struct{ *source }

func (c chinese) Resolve(f *config.File, _ string) (config.Settings, error) {
	return c.source.Resolve(f, "china")
}

func TestHostileHosts(t *testing.T) {
	for _, host := range servicetest.Hostile(t) {
		s := newSource(t)
		if _, _, err := hosttoken.Get(t.Context(), s, host, hosttoken.Request{}); !errors.Is(err, hosttoken.ErrNotOurs) || len(s.asked) > 0 {
			t.Errorf("%.80q: %v, asked %+v", host, err, s.asked)
		}
	}
}
