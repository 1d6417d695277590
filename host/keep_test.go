package host_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/store"
	"github.com/authlatch/authlatch/host/store/keys"
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
