//go:build unix

package launch_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/authlatch/authlatch/host/launch"
	"github.com/authlatch/authlatch/host/registry/manifest"
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

// bundle is a flow of several files, whose interpreter is the test binary.
type bundle struct {
	launch.Binary
	dir         string
	interpreter string
	text        string // of the manifest
}

func (r *rig) bundle(dir string) *bundle {
	r.t.Helper()
	// A link: to copy the test binary each time would take the most of a test.
	in := launch.Binary{Path: filepath.Join(dir, "interpreter"), SHA256: selfSum()}
	must(r.t, os.Link(r.self, in.Path))
	b := &bundle{dir: filepath.Join(dir, "flow"), interpreter: in.Path}
	writeFile(r.t, filepath.Join(b.dir, "main.js"), []byte("main"), 0o600)
	writeFile(r.t, filepath.Join(b.dir, "lib", "x.js"), []byte("lib"), 0o600)
	b.write(r.t, fmt.Sprintf(`version = 1
[flow]
name = "what-runs"
command = "main.js"
[interpreter]
path = %q
sha256 = %q
args = ["--safe"]
[files]
"main.js" = %q
"lib/x.js" = %q
`, in.Path, in.SHA256, sum([]byte("main")), sum([]byte("lib"))))
	return b
}

func (b *bundle) write(t *testing.T, text string) {
	t.Helper()
	b.text = text
	b.Binary = launch.Binary{Name: "what-runs", Path: filepath.Join(b.dir, manifest.FileName), SHA256: sum([]byte(text))}
	writeFile(t, b.Path, []byte(text), 0o600)
}

func TestManifestRuns(t *testing.T) {
	r := newRig(t)
	b := r.bundle(t.TempDir())
	got, err := r.whatRuns(b.Binary)
	if err != nil {
		t.Fatal(err)
	}
	if got.Exe != selfSum() {
		t.Error("another interpreter runs")
	}
	if want := []string{"--safe", got.Dir + "/main.js"}; fmt.Sprint(got.Args) != fmt.Sprint(want) {
		t.Errorf("arguments %q, want %q", got.Args, want)
	}
	if want := map[string]string{"main.js": "main", "lib/x.js": "lib"}; fmt.Sprint(got.Files) != fmt.Sprint(want) {
		t.Errorf("files %q, want %q", got.Files, want)
	}
	if strings.HasPrefix(got.Dir, b.dir) {
		t.Error("it runs from where it was found")
	}
}

func TestManifestRefused(t *testing.T) {
	for _, c := range []struct {
		name, what string
		change     func(t *testing.T, b *bundle)
	}{
		{"unlisted file", "new.js is not listed in flow.toml", func(t *testing.T, b *bundle) { writeFile(t, b.dir+"/new.js", nil, 0o600) }},
		{"missing file", "lib/x.js is missing", func(t *testing.T, b *bundle) { must(t, os.Remove(b.dir+"/lib/x.js")) }},
		{"link", "lib/x.js is a symbolic link", func(t *testing.T, b *bundle) {
			must(t, errors.Join(os.Rename(b.dir+"/lib/x.js", b.dir+"/../x.js"), os.Symlink("../../x.js", b.dir+"/lib/x.js")))
		}},
		{"linked directory", "lib is a symbolic link", func(t *testing.T, b *bundle) {
			must(t, errors.Join(os.Rename(b.dir+"/lib", b.dir+"/../lib"), os.Symlink("../lib", b.dir+"/lib")))
		}},
		{"other name", "is of a flow that is called other", func(t *testing.T, b *bundle) {
			b.write(t, strings.Replace(b.text, `"what-runs"`, `"other"`, 1))
		}},
		{"no interpreter", "is a script", func(t *testing.T, b *bundle) {
			writeFile(t, b.dir+"/main.js", []byte("#!/bin/sh\n"), 0o700)
			head, _, _ := strings.Cut(b.text, "[interpreter]")
			b.write(t, head+"[files]\n\"main.js\" = \""+sum([]byte("#!/bin/sh\n"))+"\"\n\"lib/x.js\" = \""+sum([]byte("lib"))+"\"\n")
		}},
		{"interpreter gone", "the interpreter", func(t *testing.T, b *bundle) { must(t, os.Remove(b.interpreter)) }},
		{"malformed", "has an unknown key: wat", func(t *testing.T, b *bundle) { b.write(t, "wat = 1\n"+b.text) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			b := r.bundle(t.TempDir())
			c.change(t, b)
			_, err := r.GetToken(limit(t), b.Binary, start(), nil)
			wantPluginError(t, err, c.what)
		})
	}
	for _, c := range []struct {
		name string
		path func(b *bundle) string
	}{
		{"manifest changed", func(b *bundle) string { return b.Path }},
		{"file changed", func(b *bundle) string { return b.dir + "/lib/x.js" }},
		{"interpreter changed", func(b *bundle) string { return b.interpreter }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			b := r.bundle(t.TempDir())
			must(t, os.Remove(c.path(b)))
			writeFile(t, c.path(b), []byte("evil"), 0o700)
			_, err := r.GetToken(limit(t), b.Binary, start(), nil)
			var changed *launch.ChangedError
			if !errors.As(err, &changed) || changed.Path != c.path(b) || changed.Got != sum([]byte("evil")) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// What a flow says of itself must be what whoever trusted its manifest has seen.
func TestManifestDeclares(t *testing.T) {
	r := newRig(t)
	b := r.bundle(t.TempDir())
	as := func(text string) launch.Binary {
		b.write(t, strings.Replace(text, `"what-runs"`, `"good"`, 1))
		b.Name = "good"
		return b.Binary
	}
	plain := b.text
	_, err := r.Describe(limit(t), as(plain))
	wantPluginError(t, err, "has the feature pop, which its manifest does not declare")

	pop := strings.Replace(plain, "[interpreter]", "features = [\"pop\", \"entra\"]\n[interpreter]", 1)
	_, err = r.Describe(limit(t), as(pop))
	wantPluginError(t, err, "has the option port, which its manifest does not declare")

	if _, err = r.Describe(limit(t), as(pop+"[[option]]\nname = \"port\"\nkind = \"integer\"\n")); err != nil {
		t.Error(err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
