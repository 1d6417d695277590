//go:build unix

package registry_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/host/launch"
	"github.com/authlatch/authlatch/host/registry"
)

func write(t *testing.T, path string, mode os.FileMode) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("binary"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// installation is bin/authlatch with flows beside it and in libexec.
func installation(t *testing.T) (root, exe string) {
	t.Helper()
	root = t.TempDir()
	t.Setenv("XDG_DATA_HOME", filepath.Join(root, "data"))
	t.Setenv("HOME", filepath.Join(root, "home"))
	exe = write(t, filepath.Join(root, "opt", "bin", "authlatch"), 0o755)
	write(t, filepath.Join(root, "opt", "bin", "authlatch-flow-browser"), 0o755)
	write(t, filepath.Join(root, "opt", "libexec", "authlatch", "flows", "authlatch-flow-devicecode"), 0o755)
	return root, exe
}

func TestFind(t *testing.T) {
	root, exe := installation(t)
	r := registry.Default(exe)
	for name, want := range map[string]string{
		"browser":    "opt/bin/authlatch-flow-browser",
		"devicecode": "opt/libexec/authlatch/flows/authlatch-flow-devicecode",
	} {
		got, err := r.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		if want := (launch.Binary{Name: name, Path: filepath.Join(root, want)}); got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}

func TestFindThroughLink(t *testing.T) {
	root, exe := installation(t)
	link := filepath.Join(root, "authlatch")
	if err := os.Symlink(exe, link); err != nil {
		t.Fatal(err)
	}
	if _, err := registry.Default(link).Find("browser"); err != nil {
		t.Error(err)
	}
}

func TestLibexecComesFirst(t *testing.T) {
	root, exe := installation(t)
	want := write(t, filepath.Join(root, "opt", "libexec", "authlatch", "flows", "authlatch-flow-browser"), 0o755)
	got, err := registry.Default(exe).Find("browser")
	if err != nil || got.Path != want {
		t.Errorf("got %v, %v, want %s", got, err, want)
	}
}

func TestNotFound(t *testing.T) {
	root, exe := installation(t)
	work := filepath.Join(root, "work")
	write(t, filepath.Join(work, "authlatch-flow-evil"), 0o755)
	t.Chdir(work)
	t.Setenv("PATH", work)
	r := registry.Default(exe)
	r.Dirs = append(r.Dirs, ".", "")
	for _, name := range []string{"evil", "absent", "", "../bin/authlatch-flow-browser", "BROWSER", "browser\x00", strings.Repeat("a", 65)} {
		_, err := r.Find(name)
		var missing *registry.NotFoundError
		if !errors.As(err, &missing) {
			t.Errorf("%q: got %v, want a NotFoundError", name, err)
			continue
		}
		if want := []string{"browser", "devicecode"}; missing.Name != name || !reflect.DeepEqual(missing.Candidates, want) {
			t.Errorf("%q: got %+v, want candidates %v", name, missing, want)
		}
	}
}

func TestNotTrusted(t *testing.T) {
	for _, c := range []struct {
		name, reason string
		change       func(t *testing.T, root, path string)
	}{
		{"writable by everybody", "is writable by everybody", func(t *testing.T, _, path string) { chmod(t, path, 0o757) }},
		{"writable by its group", "is writable by its group", func(t *testing.T, _, path string) { chmod(t, path, 0o775); chgrp(t, path) }},
		{"directory writable by everybody", "lies in a directory that is writable by everybody",
			func(t *testing.T, _, path string) { chmod(t, filepath.Dir(path), 0o777) }},
		{"sticky directory", "lies in a directory that is writable by everybody",
			func(t *testing.T, _, path string) { chmod(t, filepath.Dir(path), os.ModeSticky|0o777) }},
		{"not executable", "is not executable", func(t *testing.T, _, path string) { chmod(t, path, 0o644) }},
		{"link", "is a symbolic link", func(t *testing.T, root, path string) {
			elsewhere := write(t, filepath.Join(root, "elsewhere"), 0o755)
			if err := errors.Join(os.Remove(path), os.Symlink(elsewhere, path)); err != nil {
				t.Fatal(err)
			}
		}},
		{"directory", "is not a regular file", func(t *testing.T, _, path string) {
			if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o755)); err != nil {
				t.Fatal(err)
			}
		}},
		{"another owner", "belongs to user 4242", func(t *testing.T, _, path string) {
			if os.Geteuid() != 0 {
				t.Skip("only root can give files away")
			}
			if err := os.Chown(path, 4242, -1); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			root, exe := installation(t)
			path := filepath.Join(root, "opt", "bin", "authlatch-flow-browser")
			c.change(t, root, path)
			r := registry.Default(exe)
			_, err := r.Find("browser")
			var refused *registry.NotTrustedError
			if !errors.As(err, &refused) || *refused != (registry.NotTrustedError{Name: "browser", Path: path, Reason: c.reason}) {
				t.Errorf("got %v, want %q", err, c.reason)
			}
			if e := entry(t, r, "browser"); e.Trusted || e.Reason != c.reason {
				t.Errorf("listed as %+v", e)
			}
		})
	}
}

// The host binary's owner is trusted with its flows as with the host itself.
func TestHostOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	root, exe := installation(t)
	for _, path := range []string{exe, filepath.Dir(exe), filepath.Join(root, "opt", "bin", "authlatch-flow-browser")} {
		if err := os.Chown(path, 4242, -1); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := registry.Default(exe).Find("browser"); err != nil {
		t.Error(err)
	}
}

func TestUserFlows(t *testing.T) {
	root, exe := installation(t)
	path := write(t, filepath.Join(root, "data", "authlatch", "flows", "authlatch-flow-corp"), 0o755)
	write(t, filepath.Join(root, "data", "authlatch", "flows", "authlatch-flow-browser"), 0o755)
	write(t, filepath.Join(root, "data", "authlatch", "flows", "authlatch-flow-Bad_Name"), 0o755)
	write(t, filepath.Join(root, "data", "authlatch", "flows", "README"), 0o644)
	r := registry.Default(exe)
	if r.UserDir != filepath.Dir(path) && os.Getenv("XDG_DATA_HOME") != "" {
		t.Fatalf("user directory %s", r.UserDir)
	}
	const reason = "does not belong to the installation"
	entries, err := r.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []registry.Entry{
		{Name: "browser", Path: filepath.Join(root, "opt", "bin", "authlatch-flow-browser"), Trusted: true, Source: registry.Installation},
		{Name: "corp", Path: path, Reason: reason, Source: registry.User, SHA256: sum("binary")},
		{Name: "devicecode", Path: filepath.Join(root, "opt", "libexec", "authlatch", "flows", "authlatch-flow-devicecode"), Trusted: true, Source: registry.Installation},
	}
	if !reflect.DeepEqual(entries, want) {
		t.Errorf("got  %+v\nwant %+v", entries, want)
	}
	_, err = r.Find("corp")
	var refused *registry.NotTrustedError
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "not trusted") || refused.Reason != reason {
		t.Errorf("got %v, want not trusted", err)
	}
}

func sum(text string) string {
	s := sha256.Sum256([]byte(text))
	return hex.EncodeToString(s[:])
}

func entry(t *testing.T, r *registry.Registry, name string) registry.Entry {
	t.Helper()
	entries, err := r.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name == name {
			return e
		}
	}
	t.Fatalf("no flow %s in %+v", name, entries)
	return registry.Entry{}
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// chgrp gives path to a group that is not the owner's private one.
func chgrp(t *testing.T, path string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can choose the group freely")
	}
	if err := os.Chown(path, -1, 4242); err != nil {
		t.Fatal(err)
	}
}
