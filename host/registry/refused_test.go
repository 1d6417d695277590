//go:build unix

package registry_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/authlatch/authlatch/host/registry"
)

// TestPinnedRefused: what is not as it was trusted, or could be changed by
// others, is refused with the reason and both sums.
func TestPinnedRefused(t *testing.T) {
	before := "trusted with sha256 " + sum("binary") + ", "
	for _, c := range []struct {
		name, reason, sums string
		root               bool
		change             func(t *testing.T, path string) error
	}{
		{"writable by everybody", "is writable by everybody", "which it still has", false, func(t *testing.T, path string) error {
			return os.Chmod(path, 0o757)
		}},
		{"writable by its group", "is writable by its group", "which it still has", true, func(t *testing.T, path string) error {
			return errors.Join(os.Chown(path, -1, 4242), os.Chmod(path, 0o775))
		}},
		{"in a directory that is", "lies in a directory that is writable by everybody", "which it still has", false, func(t *testing.T, path string) error {
			return os.Chmod(filepath.Dir(path), 0o777)
		}},
		{"below one that is", "lies below DATA, which is writable by everybody", "which it still has", false, func(t *testing.T, path string) error {
			return os.Chmod(filepath.Dir(filepath.Dir(filepath.Dir(path))), 0o777)
		}},
		{"foreign", "belongs to user 4242", "which it still has", true, func(t *testing.T, path string) error {
			return os.Chown(path, 4242, -1)
		}},
		{"below a foreign directory", "lies below DATA, which belongs to user 4242", "which it still has", true, func(t *testing.T, path string) error {
			return os.Chown(filepath.Dir(filepath.Dir(filepath.Dir(path))), 4242, -1)
		}},
		{"linked away", "is a symbolic link", "now " + sum("evil"), false, func(t *testing.T, path string) error {
			evil := filepath.Join(t.TempDir(), "evil")
			return errors.Join(os.WriteFile(evil, []byte("evil"), 0o600), os.Remove(path), os.Symlink(evil, path))
		}},
		{"writable and changed", "is writable by everybody", "now " + sum("evil"), false, func(t *testing.T, path string) error {
			return errors.Join(os.WriteFile(path, []byte("evil"), 0o600), os.Chmod(path, 0o777))
		}},
		{"linked to a device", "is a symbolic link", "now unreadable", false, func(t *testing.T, path string) error {
			return errors.Join(os.Remove(path), os.Symlink(os.DevNull, path))
		}},
		{"not executable", "is not executable", "which it still has", false, func(t *testing.T, path string) error {
			return os.Chmod(path, 0o644)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.root && os.Geteuid() != 0 {
				t.Skip("only root can give files away")
			}
			r, path := corp(t)
			trust(t, r, "corp")
			if err := c.change(t, path); err != nil {
				t.Fatal(err)
			}
			_, err := r.Find("corp")
			var refused *registry.NotTrustedError
			reason := strings.Replace(c.reason, "DATA", filepath.Dir(filepath.Dir(filepath.Dir(path))), 1)
			if strings.Contains(c.name, "below") && errors.As(err, &refused) && refused.Path == r.PinsFile {
				// The pins lie below it too, and are as little to be trusted.
				if refused.Reason != reason {
					t.Errorf("got %v, want %q", err, reason)
				}
				return
			}
			if !errors.As(err, &refused) || refused.Reason != reason || refused.Sums() != before+c.sums {
				t.Errorf("got %v (%v), want %q (%q)", err, refused.Sums(), reason, before+c.sums)
			}
			if e := entry(t, r, "corp"); e.Trusted || e.Reason != reason {
				t.Errorf("listed as %+v", e)
			}
		})
	}
}

// The launcher finds changed content; to find a flow is not to read it.
func TestPinnedChanged(t *testing.T) {
	r, path := corp(t)
	trust(t, r, "corp")
	if err := os.WriteFile(path, []byte("evil"), 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := r.Find("corp")
	if err != nil || b.SHA256 != sum("binary") {
		t.Errorf("got %v, %v", b, err)
	}
	if e := entry(t, r, "corp"); e.Trusted || e.Reason != "has changed" || e.SHA256 != sum("evil") || e.Pinned != sum("binary") {
		t.Errorf("listed as %+v", e)
	}
}

// A directory that others can write is no danger if its sticky bit keeps them
// from replacing what is ours; on a way with links each of them counts.
func TestWays(t *testing.T) {
	r, path := corp(t)
	flows := filepath.Dir(path)
	chmod(t, flows, os.ModeSticky|0o777)
	trust(t, r, "corp")
	if _, err := r.Find("corp"); err != nil {
		t.Errorf("below a sticky directory: %v", err)
	}
	chmod(t, flows, 0o755)

	open := filepath.Join(t.TempDir(), "open")
	if err := errors.Join(os.Mkdir(open, 0o700), os.Symlink(flows, filepath.Join(open, "hop"))); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(filepath.Join(open, "hop"), link); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Examine(t.Context(), link+"/authlatch-flow-corp"); err != nil {
		t.Errorf("by links in safe places: %v", err)
	}
	chmod(t, open, 0o777)
	if _, err := r.Examine(t.Context(), link+"/authlatch-flow-corp"); err == nil || !strings.Contains(err.Error(), "which is writable by everybody") {
		t.Errorf("by a link that everybody can change: %v", err)
	}
	chmod(t, open, 0o700)
	if os.Geteuid() == 0 {
		if err := os.Lchown(link, 4242, -1); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Examine(t.Context(), link+"/authlatch-flow-corp"); err == nil || !strings.Contains(err.Error(), "a link that belongs to another user") {
			t.Errorf("by another user's link: %v", err)
		}
	}
	if err := errors.Join(os.Remove(link), os.Symlink(link, link)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Examine(t.Context(), link+"/authlatch-flow-corp"); err == nil {
		t.Error("a link to itself was followed")
	}
}

// Many processes may trust at once, and none loses what another has pinned.
func TestTrustAtOnce(t *testing.T) {
	r, path := corp(t)
	var all sync.WaitGroup
	for i := range 8 {
		name := fmt.Sprintf("corp%d", i)
		write(t, filepath.Join(filepath.Dir(path), "authlatch-flow-"+name), 0o755)
		all.Go(func() {
			c, err := r.Examine(t.Context(), name)
			if err == nil {
				err = r.Trust(t.Context(), c, noon)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for i := range 8 {
		if _, err := r.Find(fmt.Sprintf("corp%d", i)); err != nil {
			t.Error(err)
		}
	}
}
