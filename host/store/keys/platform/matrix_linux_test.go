package platform

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/authlatch/authlatch/host/store"
	"github.com/authlatch/authlatch/host/store/keys"
	"github.com/authlatch/authlatch/host/store/keys/keyring"
	"github.com/authlatch/authlatch/internal/desktop"
)

var (
	key   = store.TokenKey{Identity: store.Identity{Profile: "p"}, Scopes: []string{"s"}}
	other = store.TokenKey{Identity: store.Identity{Profile: "p"}, Scopes: []string{"other"}}
)

func token(text string) store.Token { return store.Token{Secret: store.NewSecret(text)} }

// atHome is a store that a process on the desktop opens, and its warnings.
func atHome(dir, choice string) (*store.Store, *[]string) {
	warnings := &[]string{}
	o := Set(choice, filepath.Join(dir, "key")).Options(dir)
	o.Warn = func(w string) { *warnings = append(*warnings, w) }
	return store.Open(o), warnings
}

// The storage matrix, with a real GNOME Keyring and the kernel's keyrings.
func TestMatrix(t *testing.T) {
	if err := (keyring.Provider{}).Check(); err != nil {
		t.Skip(err)
	}
	d := desktop.Start(t)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", d.Address)
	t.Setenv("XDG_RUNTIME_DIR", "")
	d.Unlock(t)
	dir := filepath.Join(t.TempDir(), "store")
	s, warnings := atHome(dir, "auto")
	s.PutToken(key, token("kept"))
	t.Cleanup(func() { _ = s.RemoveAll() })
	if got := s.Status(); got.Provider != "secret-service" || got.Key != store.KeyAvailable || !got.Copied || len(*warnings) > 0 {
		t.Fatalf("%+v, %q", got, *warnings)
	}
	if got, ok := store.ReadToken(dir, keys.Cheap("auto", "").All(), key); !ok || got.Secret.Reveal() != "kept" {
		t.Error("a helper of this session does not find it")
	}
	before := files(t, dir)

	for _, c := range []struct {
		name  string
		setUp func()
		says  string
	}{
		{"locked", func() { d.Lock(t) }, "the Secret Service is locked; unlock it"},
		{"hung", func() { d.Unlock(t); d.Hang(t) }, "the Secret Service did not answer within 3s"},
		{"absent", func() { d.Leave() }, "no Secret Service runs on the session bus"},
		{"no bus", func() { t.Setenv("DBUS_SESSION_BUS_ADDRESS", "") }, "there is no D-Bus session bus"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.setUp()
			inNewSession(t, func() {
				s, warnings := atHome(dir, "auto")
				if _, ok := s.Token(key); ok {
					t.Error("read without its key")
				}
				if _, ok := store.ReadToken(dir, keys.Cheap("auto", "").All(), key); ok {
					t.Error("a helper reads it without its key")
				}
				s.PutToken(other, token("new"))
				if got, ok := s.Token(other); !ok || got.Secret.Reveal() != "new" {
					t.Error("the token that was just obtained is lost")
				}
				if w := *warnings; len(w) != 1 || !strings.Contains(w[0], c.says) || !strings.Contains(w[0], "authlatch store rekey") {
					t.Errorf("warned %q", w)
				}
				if c.name == "hung" {
					return // it need not be waited for once more
				}
				got := s.Status()
				if got.Key != store.KeyUnavailable || got.Why == nil || !strings.Contains(got.Why.Error(), c.says) || got.Entries.OtherKey != 1 {
					t.Errorf("%+v", got)
				}
				if p := got.Providers; len(p) != 3 || !errors.Is(p[0].Err, store.ErrUnavailable) || p[1].Err != nil || p[2].Err != nil {
					t.Errorf("%+v", p)
				}
			})
			if after := files(t, dir); after != before {
				t.Errorf("the store has changed:\n%s\n%s", before, after)
			}
		})
	}

	t.Setenv("DBUS_SESSION_BUS_ADDRESS", d.Address)
	d.Unlock(t)
	inNewSession(t, func() {
		s, warnings := atHome(dir, "auto")
		if got, ok := s.Token(key); !ok || got.Secret.Reveal() != "kept" || len(*warnings) > 0 {
			t.Errorf("when it is well again: %q", *warnings)
		}
	})
}

// A new store takes the best that there is, and stays with it.
func TestChosenOnce(t *testing.T) {
	if err := (keyring.Provider{}).Check(); err != nil {
		t.Skip(err)
	}
	d := desktop.Start(t)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", d.Address)
	dir := filepath.Join(t.TempDir(), "store")
	s, warnings := atHome(dir, "auto")
	s.PutToken(key, token("kept"))
	t.Cleanup(func() { _ = s.RemoveAll() })
	d.Unlock(t)
	s, _ = atHome(dir, "auto")
	s.PutToken(other, token("too"))
	if got := s.Status(); got.Provider != "keyring" || got.Entries.Readable != 2 || len(*warnings) > 0 {
		t.Errorf("%+v, %q", got, *warnings)
	}
	s, warnings = atHome(dir, "secret-service")
	s.PutToken(other, token("explicit"))
	if w := *warnings; len(w) != 1 || !strings.Contains(w[0], "kept by the kernel keyring, not by the Secret Service") {
		t.Errorf("%q", w)
	}
	// An explicit choice that cannot be has no other instead.
	d.Lock(t)
	none := filepath.Join(t.TempDir(), "store")
	s, warnings = atHome(none, "secret-service")
	s.PutToken(key, token("memory"))
	if got := files(t, none); strings.Contains(got, "store.json") || len(*warnings) != 1 || !strings.Contains((*warnings)[0], "is locked") {
		t.Errorf("%s, %q", got, *warnings)
	}
}

// inNewSession calls f on a thread whose session keyring is new and empty; the
// thread ends with it.
func inNewSession(t *testing.T, f func()) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		_, _, errno := unix.Syscall(unix.SYS_KEYCTL, unix.KEYCTL_JOIN_SESSION_KEYRING, 0, 0)
		if errno != 0 {
			done <- errno
			return
		}
		f()
		done <- nil
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// files is what lies in a store, the locks left out.
func files(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	_ = filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.Contains(path, "/locks/") {
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
		}
		all.WriteString(strings.TrimPrefix(path, dir) + ": " + string(b[:min(len(b), 80)]) + "\n")
		return nil
	})
	return all.String()
}
