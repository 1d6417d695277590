package host_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/launch"
	"github.com/authlatch/authlatch/host/store"
	"github.com/authlatch/authlatch/host/store/keys"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

var vault = host.TokenRequest{Scopes: []string{"https://vault.azure.net/.default"}}

// alice's token for the vault is being renewed when bob signs in, or alice out.
// Whoever waits for the renewal gets alice's token, and nobody after that.
func TestRenewalThatEndsAfterTheAccountChanged(t *testing.T) {
	for name, change := range map[string]func(context.Context, *host.Host) error{
		"signed in": func(ctx context.Context, h *host.Host) error {
			_, err := h.SignIn(ctx, host.TokenRequest{})
			return err
		},
		"signed out": func(ctx context.Context, h *host.Host) error { return h.SignOut(ctx, false) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				renewal, open := gate(signsIn("alice"))
				h := w.host()
				if _, err := h.GetToken(t.Context(), host.TokenRequest{}); err != nil {
					t.Fatal(err)
				}
				w.flows["browser"] = func(ctx context.Context, start *flowv1.Start, in launch.Interactor) (*flowv1.Token, error) {
					if start.GetInteractionMode() == never && start.GetAccount().GetId() == account("alice").GetId() {
						return renewal(ctx, start, in)
					}
					return signsIn("bob")(ctx, start, in)
				}
				renewed := make(chan *host.Token, 1)
				go func() {
					tok, err := h.GetToken(t.Context(), vault)
					if err != nil {
						t.Error(err)
					}
					renewed <- tok
				}()
				synctest.Wait() // the renewal is under way
				changed := make(chan error, 1)
				go func() { changed <- change(t.Context(), h) }()
				synctest.Wait() // bob has signed in; signing out waits for the renewal
				open()
				if err := <-changed; err != nil {
					t.Fatal(err)
				}
				want(t, "the renewal's own answer", (<-renewed).Account.Username, "alice@contoso.example")
				after, err := h.GetToken(t.Context(), vault)
				if err != nil {
					t.Fatal(err)
				}
				want(t, "the token after that", after.Account.Username, "bob@contoso.example")
			})
		})
	}
}

// Where it cannot be read who was signed in, another account gets none of the
// tokens that are there.
func TestAnotherAccountAfterADamagedBinding(t *testing.T) {
	w := newWorld(t)
	dir := t.TempDir()
	o := keys.Cheap("file", filepath.Join(dir, "key")).Options(filepath.Join(dir, "store"))
	o.Now = w.now
	w.Store = store.Open(o)
	h := w.host()
	for _, req := range []host.TokenRequest{{}, vault} {
		if _, err := h.GetToken(t.Context(), req); err != nil {
			t.Fatal(err)
		}
	}
	damage(t, dir, "binding")

	w.flows["browser"] = signsIn("bob")
	if _, err := h.SignIn(t.Context(), host.TokenRequest{}); err != nil {
		t.Fatal(err)
	}
	tok, err := h.GetToken(t.Context(), vault)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "account", tok.Account.Username, "bob@contoso.example")
}

// damage flips a bit of each file of that name.
func damage(t *testing.T, dir, name string) {
	t.Helper()
	found := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != name {
			return err
		}
		found++
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		b[len(b)-1] ^= 1
		return os.WriteFile(path, b, 0o600)
	})
	if err != nil || found == 0 {
		t.Fatalf("damaged %d files: %v", found, err)
	}
}
