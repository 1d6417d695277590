package kubectl

import (
	"errors"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/spf13/pflag"

	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/internal/configure"
)

var update = flag.Bool("update", false, "write what is planned as what is wanted")

// place is a home with files, and authlatch in a directory of PATH.
type place struct {
	dir       string
	env       configure.Env
	variables map[string]string
}

func newPlace(t *testing.T, files map[string]string) place {
	t.Helper()
	p := place{dir: t.TempDir()}
	bin := filepath.Join(p.dir, "bin")
	files["bin/"+Program] = ""
	for name, text := range files {
		path := filepath.Join(p.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p.variables = map[string]string{"PATH": bin, "HOME": p.dir, "XDG_CONFIG_HOME": filepath.Join(p.dir, "conf")}
	getenv := func(name string) string { return p.variables[name] }
	f, err := config.Load("", getenv)
	if err != nil {
		t.Fatal(err)
	}
	p.env = configure.Env{Getenv: getenv, Home: p.dir, File: f, Bin: bin}
	return p
}

// run plans with a command line.
func (p place) run(t *testing.T, line string) (configure.Plan, error) {
	t.Helper()
	tool, flags := &Tool{}, pflag.NewFlagSet("kubectl", pflag.ContinueOnError)
	tool.Flags(flags)
	profile := flags.StringP("profile", "p", "", "")
	if err := flags.Parse(strings.Fields(strings.ReplaceAll(line, "$HOME", p.dir))); err != nil {
		t.Fatal(err)
	}
	p.env.Profile = *profile
	return tool.Plan(t.Context(), p.env, flags.Args())
}

// The archives in testdata are homes, with the command line as their comment, and
// what is planned: the files under want/, the notes in want/notes, the error in
// want/error.
func TestPlans(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) < 15 {
		t.Fatalf("%d archives, %v", len(paths), err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) { testPlan(t, path) })
	}
}

func testPlan(t *testing.T, path string) {
	a, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	files, want := map[string]string{}, map[string]string{}
	given := &txtar.Archive{Comment: a.Comment}
	for _, f := range a.Files {
		if name, ok := strings.CutPrefix(f.Name, "want/"); ok {
			want[name] = string(f.Data)
			continue
		}
		given.Files = append(given.Files, f)
		text := string(f.Data)
		if strings.HasSuffix(f.Name, ".json") {
			text = strings.TrimSuffix(text, "\n")
		}
		files[f.Name] = text
	}
	p := newPlace(t, files)
	line := string(a.Comment)
	if list, rest, ok := strings.Cut(line, "kubectl"); ok {
		for name, value := range variablesIn(list) {
			p.variables[name] = strings.ReplaceAll(strings.ReplaceAll(value, "$HOME", p.dir), ":", string(os.PathListSeparator))
		}
		line = rest
	}
	plan, err := p.run(t, line)
	got := map[string]string{}
	home := func(s string) string { return strings.ReplaceAll(s, p.dir, "$HOME") }
	for _, c := range plan.Changes {
		name, _ := filepath.Rel(p.dir, c.Path)
		got[filepath.ToSlash(name)] = home(string(c.New))
		if c.Old != nil && files[name] != string(c.Old) || c.Old == nil && files[name] != "" {
			t.Errorf("%s is said to hold %q", name, c.Old)
		}
	}
	if len(plan.Notes) > 0 {
		got["notes"] = home(strings.Join(plan.Notes, "\n") + "\n")
	}
	if err != nil {
		var told *configure.Error
		if errors.As(err, &told) && told.Next != "" {
			err = errors.New(err.Error() + "\n" + told.Next)
		}
		got["error"] = home(err.Error() + "\n")
	}
	if *update {
		for _, name := range slices.Sorted(maps.Keys(got)) {
			given.Files = append(given.Files, txtar.File{Name: "want/" + name, Data: []byte(got[name])})
		}
		if err := os.WriteFile(path, txtar.Format(given), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	for name := range want {
		if _, ok := got[name]; !ok {
			t.Errorf("no %s", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if got[name] != want[name] {
			t.Errorf("%s:\n%s\nwant:\n%s", name, got[name], want[name])
		}
	}
}

// variablesIn are those before a command: NAME=VALUE.
func variablesIn(line string) map[string]string {
	found := map[string]string{}
	for _, word := range strings.Fields(line) {
		name, value, _ := strings.Cut(word, "=")
		found[name] = value
	}
	return found
}
