package host_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/launch"
	"github.com/authlatch/authlatch/host/store"
	"github.com/authlatch/authlatch/host/store/keys"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// Two of everything in one store: each has its own sign-in and its own token, and
// switching between them asks nobody and signs nobody out.
func TestTwoOfEverything(t *testing.T) {
	profiles := map[string]string{
		"profile-1": "", "profile-2": "",
		"tenant-1": `tenant = "contoso.example"`, "tenant-2": `tenant = "fabrikam.example"`,
		"user-1": `username = "alice@contoso.example"`, "user-2": `username = "bob@contoso.example"`,
		"client-1": `client_id = "11111111-2222-3333-4444-555555555555"`, "client-2": `client_id = "11111111-2222-3333-4444-666666666666"`,
		"cloud-1": `cloud = "china"`, "cloud-2": `cloud = "usgovernment"`,
		"authority-1": `authority = "https://a.example"`, "authority-2": `authority = "https://b.example"`,
	}
	w := newWorld(t)
	// Each launch gives a token of its own; the account is the same everywhere, as
	// where one person signs in to all of them.
	w.flows["browser"] = func(_ context.Context, start *flowv1.Start, _ launch.Interactor) (*flowv1.Token, error) {
		if start.GetInteractionMode() == never && len(start.GetState()) == 0 {
			return nil, reason(flowv1.ReasonInteractionRequired)
		}
		t := &flowv1.Token{Account: account("alice")}
		if start.GetUsername() != "" {
			t.Account.Username = start.GetUsername() // by whatever name she is asked for
		}
		return t, nil
	}
	dir := t.TempDir()
	hosts := map[string]*host.Host{}
	for name, lines := range profiles {
		f, err := config.Parse("/etc/authlatch.toml", fmt.Appendf(nil, "version = 1\n[profiles.%q]\n%s\n", name, lines), noEnv)
		if err != nil {
			t.Fatal(err)
		}
		if w.Settings, err = config.Resolve(f, config.Flags{}, noEnv); err != nil {
			t.Fatal(err)
		}
		o := keys.Cheap("file", filepath.Join(dir, "key")).Options(filepath.Join(dir, "store"))
		o.Now = w.now
		w.Store = store.Open(o)
		hosts[name] = w.host()
	}
	first := map[string]string{} // token, of whom
	own := map[string]string{}
	for name, h := range hosts {
		_, err := h.GetToken(t.Context(), host.TokenRequest{Interaction: host.Never})
		want(t, name+" without its own sign-in", code(err), host.ExitInteraction)
		tok, err := h.GetToken(t.Context(), host.TokenRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := first[tok.Secret.Reveal()]; ok {
			t.Errorf("%s got the token of %s", name, other)
		}
		first[tok.Secret.Reveal()], own[name] = name, tok.Secret.Reveal()
	}
	want(t, "sign-ins", len(first), len(profiles))
	w.launches()
	for range 2 { // to and fro
		for name, h := range hosts {
			tok, err := h.GetToken(t.Context(), host.TokenRequest{Interaction: host.Never})
			if err != nil {
				t.Fatalf("%s was signed out: %v", name, err)
			}
			want(t, "the token of "+name, tok.Secret.Reveal(), own[name])
		}
	}
	wantLaunches(t, w)
	// One signs out, and nobody else with it.
	if err := hosts["tenant-1"].SignOut(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	w.pass(hour)
	for name, h := range hosts {
		_, err := h.GetToken(t.Context(), host.TokenRequest{Interaction: host.Never})
		want(t, name+" after another's sign-out", code(err), map[bool]host.ExitCode{true: host.ExitInteraction}[name == "tenant-1"])
	}
}
