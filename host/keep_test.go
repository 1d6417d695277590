package host_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/launch"
	"github.com/authlatch/authlatch/host/store"
	"github.com/authlatch/authlatch/host/store/keys"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// What a host has kept, the next process finds without a flow.
func TestKeptOnDisk(t *testing.T) {
	dir := t.TempDir()
	w := newWorld(t)
	open := func() *host.Host {
		o := keys.Cheap("file", filepath.Join(dir, "key")).Options(filepath.Join(dir, "store"))
		o.Now = w.now
		w.Store = store.Open(o)
		return w.host()
	}
	first, err := open().GetToken(t.Context(), host.TokenRequest{})
	if err != nil {
		t.Fatal(err)
	}
	w.launches()
	second, err := open().GetToken(t.Context(), host.TokenRequest{})
	if err != nil {
		t.Fatal(err)
	}
	wantLaunches(t, w)
	want(t, "secret", second.Secret, first.Secret)
	want(t, "account", second.Account, first.Account)
	want(t, "expiry", second.ExpiresOn.Unix(), first.ExpiresOn.Unix())

	w.pass(hour)
	if _, err := open().GetToken(t.Context(), host.TokenRequest{}); err != nil {
		t.Fatal(err)
	}
	want(t, "state", string(w.last().GetState()), "state-1")
}

// A store that cannot be written costs a warning, never the token.
func TestStoreThatCannotBeWritten(t *testing.T) {
	w := newWorld(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	o := keys.Cheap("file", filepath.Join(t.TempDir(), "key")).Options(filepath.Join(file, "store"))
	o.Now, o.Warn = w.now, func(s string) { w.warnings = append(w.warnings, s) }
	w.Store = store.Open(o)
	h := w.host()
	for range 2 {
		if _, err := h.GetToken(t.Context(), host.TokenRequest{}); err != nil {
			t.Fatal(err)
		}
	}
	wantLaunches(t, w, "browser IF_NEEDED")
	if len(w.warnings) == 0 {
		t.Error("nobody was warned")
	}
}

// Past its refresh time a token is renewed, and handed out if that fails, by
// whatever; then the renewal is not tried again for a minute.
func TestRenewalAheadOfExpiry(t *testing.T) {
	renewable := func() behaviour { // a token to be renewed after half its life
		return func(ctx context.Context, start *flowv1.Start, in launch.Interactor) (*flowv1.Token, error) {
			tok, err := signsIn("alice")(ctx, start, in)
			if err == nil {
				tok.ExpiresOn = time.Unix(1_800_000_000, 0).Add(hour).Unix()
				tok.RefreshOn = time.Unix(1_800_000_000, 0).Add(hour / 2).Unix()
			}
			return tok, err
		}
	}
	w := newWorld(t)
	w.flows["browser"] = renewable()
	h := w.host()
	get := func() string {
		t.Helper()
		tok, err := h.GetToken(t.Context(), host.TokenRequest{})
		if err != nil {
			t.Fatal(err)
		}
		return tok.Secret.Reveal()
	}
	want(t, "at first", get(), "token-1")
	w.pass(hour/2 - time.Second)
	want(t, "before its refresh time", get(), "token-1")
	w.launches()

	w.pass(time.Second)
	w.flows["browser"] = fails(reason(flowv1.ReasonInvalidGrant))
	want(t, "if renewal fails", get(), "token-1")
	want(t, "at once again", get(), "token-1")
	wantLaunches(t, w, "browser NEVER")

	w.pass(time.Minute)
	w.flows["browser"] = signsIn("alice")
	want(t, "a minute later", get(), "token-3")
	want(t, "then", get(), "token-3")
	wantLaunches(t, w, "browser NEVER")
}

// A person who chooses another account leaves nothing of the one before.
func TestAnotherAccount(t *testing.T) {
	w := newWorld(t)
	h := w.host()
	vault := host.TokenRequest{Scopes: []string{"https://vault.azure.net/.default"}}
	if _, err := h.GetToken(t.Context(), vault); err != nil {
		t.Fatal(err)
	}
	w.flows["browser"] = signsIn("bob")
	if _, err := h.SignIn(t.Context(), host.TokenRequest{}); err != nil {
		t.Fatal(err)
	}
	tok, err := h.GetToken(t.Context(), vault)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "username", tok.Account.Username, "bob@contoso.example")
	want(t, "state", string(w.last().GetState()), "state-2")
}

func TestAccountsAndSignOut(t *testing.T) {
	w := newWorld(t)
	h := w.host()
	if _, err := h.SignIn(t.Context(), host.TokenRequest{}); err != nil {
		t.Fatal(err)
	}
	w.Settings = settings(t, `username = "Bob@contoso.example"`)
	w.flows["browser"] = signsIn("bob")
	other := w.host()
	if _, err := other.SignIn(t.Context(), host.TokenRequest{}); err != nil {
		t.Fatal(err)
	}
	names := func() (all, current []string) {
		list, err := h.Accounts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range list {
			all = append(all, a.Account.Username)
			if a.Current {
				current = append(current, a.Account.Username)
			}
		}
		slices.Sort(all)
		return all, current
	}
	all, current := names()
	want(t, "all", len(all), 2)
	want(t, "current", current[0], "alice@contoso.example")

	if err := h.SignOut(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	all, current = names()
	want(t, "left", all[0], "bob@contoso.example")
	want(t, "current", len(current), 0)
	w.launches()
	_, err := h.GetToken(t.Context(), host.TokenRequest{Interaction: host.Never})
	want(t, "exit code", code(err), host.ExitInteraction)
	wantLaunches(t, w)

	if err := h.SignOut(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	all, _ = names()
	want(t, "left", len(all), 0)
	want(t, "signing out twice", h.SignOut(t.Context(), false), nil)
}
