//go:build unix

package registry_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/host/launch"
	"github.com/authlatch/authlatch/host/registry"
)

// A pins file that others could have written, or that cannot be understood, is
// as good as none, and says so; the installation does not need it.
func TestPinsFileRefused(t *testing.T) {
	for _, c := range []struct {
		name, problem string
		root          bool
		change        func(pins string) error
	}{
		{"writable by everybody", "is writable by everybody", false, func(p string) error { return os.Chmod(p, 0o646) }},
		{"in a directory that is", "lies in a directory that is writable by everybody", false, func(p string) error { return os.Chmod(filepath.Dir(p), 0o777) }},
		{"foreign", "belongs to user 4242", true, func(p string) error { return os.Chown(p, 4242, -1) }},
		{"linked", "is a symbolic link", false, func(p string) error { return errors.Join(os.Rename(p, p+"2"), os.Symlink(p+"2", p)) }},
		{"a directory", "is not a regular file", false, func(p string) error { return errors.Join(os.Remove(p), os.Mkdir(p, 0o700)) }},
		{"malformed", "is malformed", false, func(p string) error { return os.WriteFile(p, []byte("version = \x1b"), 0o600) }},
		{"of a newer version", "needs a newer authlatch", false, func(p string) error { return os.WriteFile(p, []byte("version = 2\nnew = 1\n"), 0o600) }},
		{"too large", "has more than", false, func(p string) error { return os.WriteFile(p, []byte("#"+strings.Repeat("x", 1<<20)), 0o600) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.root && os.Geteuid() != 0 {
				t.Skip("only root can give files away")
			}
			r, _ := corp(t)
			trust(t, r, "corp")
			if err := c.change(r.PinsFile); err != nil {
				t.Fatal(err)
			}
			_, err := r.Find("corp")
			var refused *registry.NotTrustedError
			if !errors.As(err, &refused) || refused.Path != r.PinsFile || !strings.Contains(refused.Reason, c.problem) {
				t.Errorf("got %v, want %q", err, c.problem)
			}
			if e := entry(t, r, "corp"); e.Trusted {
				t.Errorf("listed as %+v", e)
			}
			var pins *registry.PinsError
			if _, err := r.Examine(t.Context(), "corp"); !errors.As(err, &pins) || pins.Path != r.PinsFile {
				t.Errorf("examined: %v", err)
			}
			if err := r.Untrust(t.Context(), "corp"); !errors.As(err, &pins) {
				t.Errorf("untrusted: %v", err)
			}
			if _, err := r.Find("browser"); err != nil {
				t.Errorf("the installation: %v", err)
			}
		})
	}
}

// Under sudo with HOME kept nothing is written that the user could not change.
func TestPinsOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	r, path := corp(t)
	c, err := r.Examine(t.Context(), "corp")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(filepath.Dir(filepath.Dir(path)), 4242, -1); err != nil {
		t.Fatal(err)
	}
	if err := r.Trust(t.Context(), c, noon); err == nil || !strings.Contains(err.Error(), "belongs to user 4242") {
		t.Errorf("got %v", err)
	}
}

// The pins of an embedding program come before the installation, and hold it to
// their sums too; the user has no say.
func TestProgramPins(t *testing.T) {
	root, exe := installation(t)
	r := registry.Default(exe)
	r.UserDir, r.PinsFile = "", ""
	inDirs := filepath.Join(root, "opt", "bin", "authlatch-flow-browser")
	apart := write(t, filepath.Join(root, "cache", "authlatch-flow-corp"), 0o755)
	r.Pins = []registry.Pin{
		{Name: "browser", SHA256: sum("binary")},
		{Name: "corp", Path: apart, SHA256: sum("binary")},
		{Name: "gone", Path: apart + "2", SHA256: sum("binary")},
		{Name: "nosum", Path: apart},
		{Name: "relative", Path: "authlatch-flow-corp", SHA256: sum("binary")},
		{Name: "nowhere", SHA256: sum("binary")},
	}
	for name, path := range map[string]string{"browser": inDirs, "corp": apart} {
		b, err := r.Find(name)
		if want := (launch.Binary{Name: name, Path: path, SHA256: sum("binary")}); err != nil || b != want {
			t.Errorf("got %v, %v, want %v", b, err, want)
		}
		if e := entry(t, r, name); !e.Trusted || e.Source != registry.Program {
			t.Errorf("listed as %+v", e)
		}
		if _, err := r.Examine(t.Context(), name); !errors.Is(err, registry.ErrProgram) {
			t.Errorf("examined: %v", err)
		}
	}
	t.Chdir(filepath.Dir(apart))
	for name, want := range map[string]string{
		"gone": "is missing", "nosum": "is no SHA-256", "relative": "relative path", "nowhere": "no flow",
	} {
		if b, err := r.Find(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, %v, want %q", name, b, err, want)
		}
	}
	if err := r.Untrust(t.Context(), "corp"); err == nil {
		t.Error("the user may change it")
	}
}
