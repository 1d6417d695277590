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
	"time"

	"github.com/authlatch/authlatch/host/launch"
	"github.com/authlatch/authlatch/host/registry"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// corp is a registry with the user's flow corp in it, not trusted yet.
func corp(t *testing.T) (r *registry.Registry, path string) {
	t.Helper()
	root, exe := installation(t)
	path = write(t, filepath.Join(root, "data", "authlatch", "flows", "authlatch-flow-corp"), 0o755)
	return registry.Default(exe), path
}

func trust(t *testing.T, r *registry.Registry, what string) *registry.Candidate {
	t.Helper()
	c, err := r.Examine(t.Context(), what)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Trust(t.Context(), c, noon); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTrust(t *testing.T) {
	r, path := corp(t)
	c := trust(t, r, "corp")
	if c.Name != "corp" || c.Path != path || c.SHA256 != sum("binary") || c.Size != 6 || c.Mode.Perm() != 0o755 || c.Pinned != "" || c.Owner == "" {
		t.Errorf("examined %+v", c)
	}
	got, err := r.Find("corp")
	if want := (launch.Binary{Name: "corp", Path: path, SHA256: sum("binary")}); err != nil || got != want {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if e := entry(t, r, "corp"); !e.Trusted || e.Pinned != sum("binary") || e.SHA256 != e.Pinned || e.Source != registry.User {
		t.Errorf("listed as %+v", e)
	}
	if again := trust(t, r, "corp"); again.Pinned != sum("binary") {
		t.Errorf("examined again as %+v", again)
	}
	text, err := os.ReadFile(r.PinsFile)
	want := fmt.Sprintf("# What authlatch flow trust has pinned. Written by authlatch.\nversion = 1\n\n[flows]\n[flows.corp]\npath = '%s'\nsha256 = '%s'\ntrusted_on = 2026-11-23T12:00:00Z\n",
		path, sum("binary"))
	if err != nil || string(text) != want {
		t.Errorf("the pins file has\n%s\nnot\n%s", text, want)
	}
	if info, err := os.Stat(r.PinsFile); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the pins file has mode %v, %v", info.Mode(), err)
	}

	if err := r.Untrust(t.Context(), "corp"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Find("corp"); err == nil {
		t.Error("it is still trusted")
	}
	if err := r.Untrust(t.Context(), "corp"); err != nil {
		t.Errorf("not trusted twice: %v", err)
	}
	var missing *registry.NotFoundError
	if err := r.Untrust(t.Context(), "absent"); !errors.As(err, &missing) {
		t.Errorf("got %v, want not found", err)
	}
}

// A flow may lie anywhere, as long as it was named by its path.
func TestTrustPath(t *testing.T) {
	r, inData := corp(t)
	work := filepath.Join(t.TempDir(), "work")
	elsewhere := write(t, filepath.Join(work, "authlatch-flow-corp"), 0o755)
	t.Chdir(work)
	c := trust(t, r, "./authlatch-flow-corp")
	if c.Path != elsewhere {
		t.Errorf("examined %s", c.Path)
	}
	if b, err := r.Find("corp"); err != nil || b.Path != elsewhere {
		t.Errorf("found %v, %v", b, err)
	}
	if err := os.Remove(elsewhere); err != nil {
		t.Fatal(err)
	}
	if b, err := r.Find("corp"); err != nil || b.Path != inData || b.SHA256 != sum("binary") {
		t.Errorf("the same name in the data directory: %v, %v", b, err)
	}
	if err := os.Remove(inData); err != nil {
		t.Fatal(err)
	}
	_, err := r.Find("corp")
	var refused *registry.NotTrustedError
	if !errors.As(err, &refused) || refused.Reason != "is missing" || refused.Sums() != "trusted with sha256 "+sum("binary")+", now unreadable" {
		t.Errorf("got %v", err)
	}
}

func TestExamineRefuses(t *testing.T) {
	r, path := corp(t)
	dir := filepath.Dir(path)
	write(t, filepath.Join(dir, "other"), 0o755)
	write(t, filepath.Join(dir, "authlatch-flow-browser2"), 0o644)
	write(t, filepath.Join(dir, "authlatch-flow-password"), 0o755)
	if err := os.WriteFile(write(t, filepath.Join(dir, "authlatch-flow-script"), 0o755), []byte("#!/bin/sh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "authlatch-flow-dir", "flow.toml"), 0o644)
	if err := os.Symlink(path, filepath.Join(dir, "authlatch-flow-link")); err != nil {
		t.Fatal(err)
	}
	for what, want := range map[string]string{
		"absent":                              "no flow",
		"authlatch-flow-corp":                 "no flow",
		dir + "/other":                        "is not called authlatch-flow-NAME",
		dir + "/authlatch-flow-":              "is not called authlatch-flow-NAME",
		"browser":                             "belongs to the installation",
		dir + "/absent/authlatch-flow-x":      "is missing",
		"browser2":                            "is not executable",
		"password":                            "has the name of a flow that comes with authlatch",
		"script":                              "is a script: it needs a flow.toml",
		"link":                                "is a symbolic link",
		"dir":                                 "is not TOML",
		dir + "/authlatch-flow-dir":           "is not TOML",
		dir + "/authlatch-flow-dir/flow.toml": "is not TOML",
		dir:                                   "cannot be read",
	} {
		_, err := r.Examine(t.Context(), what)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", what, err, want)
		}
	}
	if _, err := os.Stat(r.PinsFile); err == nil {
		t.Error("something was pinned")
	}
}

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
