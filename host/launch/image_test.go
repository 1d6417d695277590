//go:build unix

package launch_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/authlatch/authlatch/host/launch"
)

// running is what a process knows of what it was started from.
type running struct {
	Exe   string            // the SHA-256 of the program
	Args  []string          // without the program's name
	Dir   string            // AUTHLATCH_FLOW_DIR
	Files map[string]string // what is there
	FDs   []string          // what it has open besides the usual
}

// whatRuns is a fake's token: it tells on the process.
func whatRuns() string {
	r := running{Args: os.Args[1:], Dir: os.Getenv("AUTHLATCH_FLOW_DIR"), Files: map[string]string{}}
	exe := "/proc/self/exe"
	if _, err := os.Stat(exe); err != nil {
		exe, _ = os.Executable()
	}
	b, err := os.ReadFile(exe)
	if err != nil {
		return err.Error()
	}
	r.Exe = sum(b)
	if r.Dir != "" {
		_ = filepath.WalkDir(r.Dir, func(path string, d fs.DirEntry, _ error) error {
			if !d.IsDir() {
				b, _ := os.ReadFile(path)
				r.Files[strings.TrimPrefix(path, r.Dir+"/")] = string(b)
			}
			return nil
		})
	}
	fds, _ := os.ReadDir("/proc/self/fd")
	for _, fd := range fds {
		to, _ := os.Readlink("/proc/self/fd/" + fd.Name())
		if strings.Contains(to, "memfd") {
			r.FDs = append(r.FDs, to)
		}
	}
	b, _ = json.Marshal(r)
	return hex.EncodeToString(b)
}

func (r *rig) whatRuns(b launch.Binary) (running, error) {
	r.t.Helper()
	b.Name = "what-runs"
	t, err := r.GetToken(limit(r.t), b, start(), nil)
	if err != nil {
		return running{}, err
	}
	b64, err := hex.DecodeString(t.GetSecret())
	if err != nil {
		r.t.Fatal(t.GetSecret())
	}
	var got running
	if err := json.Unmarshal(b64, &got); err != nil {
		r.t.Fatal(err)
	}
	return got, nil
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// selfSum is that of the test binary.
var selfSum = sync.OnceValue(func() string {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	b, err := os.ReadFile(self)
	if err != nil {
		panic(err)
	}
	return sum(b)
})

// pinned is a copy of the test binary that a test may change, and its sum.
func (r *rig) pinned(path string) launch.Binary {
	r.t.Helper()
	b, err := os.ReadFile(r.self)
	if err != nil {
		r.t.Fatal(err)
	}
	writeFile(r.t, path, b, 0o700)
	return launch.Binary{Name: "plain", Path: path, SHA256: sum(b)}
}

func writeFile(t *testing.T, path string, b []byte, mode fs.FileMode) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, b, mode)); err != nil {
		t.Fatal(err)
	}
}

func TestPinnedContentRuns(t *testing.T) {
	r := newRig(t)
	b := r.pinned(filepath.Join(t.TempDir(), "authlatch-flow-plain"))
	got, err := r.whatRuns(b)
	if err != nil {
		t.Fatal(err)
	}
	if got.Exe != b.SHA256 || len(got.Args) > 0 || got.Dir != "" || len(got.FDs) > 0 {
		t.Errorf("runs %+v, not %s", got, b.SHA256)
	}
}

func TestPinnedContentChanged(t *testing.T) {
	r := newRig(t)
	b := r.pinned(filepath.Join(t.TempDir(), "authlatch-flow-plain"))
	f, err := os.OpenFile(b.Path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, werr := f.WriteString("x")
	if err := errors.Join(werr, f.Close()); err != nil {
		t.Fatal(err)
	}
	now, err := os.ReadFile(b.Path)
	if err != nil {
		t.Fatal(err)
	}
	want := launch.ChangedError{Flow: "plain", Path: b.Path, Want: b.SHA256, Got: sum(now)}
	for name, run := range map[string]func() error{
		"GetToken": func() error { _, err := r.GetToken(limit(t), b, start(), nil); return err },
		"Describe": func() error { _, err := r.Describe(limit(t), b); return err },
	} {
		var changed *launch.ChangedError
		if err := run(); !errors.As(err, &changed) || *changed != want {
			t.Errorf("%s: got %v, want %v", name, err, &want)
		}
	}
	if len(r.pids) > 0 {
		t.Error("it was run")
	}
}

func TestPinnedContentRefused(t *testing.T) {
	dir := t.TempDir()
	script, link := filepath.Join(dir, "script"), filepath.Join(dir, "link")
	text := []byte("#!/bin/sh\nexit 0\n")
	writeFile(t, script, text, 0o700)
	if err := os.Symlink(script, link); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, what string }{
		{script, "is a script: a flow that needs an interpreter needs a flow.toml that pins it"},
		{link, "is a symbolic link"},
		{dir, "is not a regular file"},
		{filepath.Join(dir, "absent"), "no such file"},
		{os.DevNull, "is not a regular file"},
	} {
		r := newRig(t)
		_, err := r.GetToken(limit(t), launch.Binary{Name: "plain", Path: c.path, SHA256: sum(text)}, start(), nil)
		wantPluginError(t, err, c.what)
	}
}
