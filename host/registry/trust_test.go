//go:build unix

package registry_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
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
