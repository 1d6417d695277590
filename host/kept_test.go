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
