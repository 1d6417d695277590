//go:build unix

package launch_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/host/launch"
	"github.com/authlatch/authlatch/host/registry/manifest"
)

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
