package host_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/store"
	"github.com/authlatch/authlatch/host/store/keys"
)

// A sign-in that nobody will find again is said to be one, with the way to keep
// it.
func TestKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name string
		open store.Options
		next string // "" if it is kept
	}{
		{"kept", keys.Cheap("file", filepath.Join(t.TempDir(), "key")).Options(filepath.Join(t.TempDir(), "store")), ""},
		{"no keyring", store.Options{Dir: filepath.Join(t.TempDir(), "store")}, `set [store] key = "file"`},
		{"memory by choice", keys.Cheap("memory", "").Options(filepath.Join(t.TempDir(), "store")), "authlatch config explain"},
		{"no directory", keys.Cheap("file", filepath.Join(t.TempDir(), "key")).Options(filepath.Join(file, "store")), "authlatch config explain"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			c.open.Now = w.now
			w.Store = store.Open(c.open)
			h := w.host()
			if _, err := h.SignIn(t.Context(), host.TokenRequest{}); err != nil {
				t.Fatal(err)
			}
			err := h.Kept()
			if c.next == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if e := problem(t, err); e.Code != host.ExitOther || !strings.Contains(e.Next, c.next) || e.Why == "" {
				t.Errorf("got %d: %s / %s / %s", e.Code, e.What, e.Why, e.Next)
			}
		})
	}
}

// Signing out of a store that is not to be trusted says so once, and of one whose
// binding is damaged, what helps.
func TestSignOutThatFails(t *testing.T) {
	dir := t.TempDir()
	w := newWorld(t)
	open := func() *host.Host {
		o := keys.Cheap("file", filepath.Join(dir, "key")).Options(filepath.Join(dir, "store"))
		o.Now = w.now
		w.Store = store.Open(o)
		return w.host()
	}
	if _, err := open().SignIn(t.Context(), host.TokenRequest{}); err != nil {
		t.Fatal(err)
	}
	bindings, err := filepath.Glob(filepath.Join(dir, "store", "accounts", "*", "binding"))
	if err != nil || len(bindings) != 1 {
		t.Fatal(bindings, err)
	}
	if err := os.WriteFile(bindings[0], []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	e := problem(t, open().SignOut(t.Context(), false))
	want(t, "next", e.Next, "to remove every sign-in, run: authlatch logout --all")
	want(t, "what", e.What, "the sign-in cannot be removed from the store")

	if err := os.RemoveAll(filepath.Join(dir, "store")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "store"), nil, 0o600); err != nil { // no directory
		t.Fatal(err)
	}
	e = problem(t, open().SignOut(t.Context(), true))
	want(t, "what", e.What, "the sign-in cannot be removed from the store")
	want(t, "how often it says why", strings.Count(e.Why, filepath.Join(dir, "store")+" "), 1)
}
