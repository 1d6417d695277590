package importrules

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/internal/testbin"
)

// TestRules holds the product to the table, on each operating system, because
// build constraints change what is imported.
func TestRules(t *testing.T) {
	testbin.DependOnSources(t)
	all := graph{}
	for _, goos := range []string{"linux", "darwin", "windows"} {
		t.Run(goos, func(t *testing.T) {
			g := load(t, goos)
			maps.Copy(all, g)
			for _, r := range rules {
				for _, line := range r.broken(g) {
					t.Errorf("%s, but\n\t%s", r.says, line)
				}
			}
		})
	}
	t.Run("every pattern matches a package", func(t *testing.T) {
		for _, line := range idle(rules, toCome, all) {
			t.Error(line)
		}
	})
}

// idle returns one line for each pattern of the rules that matches no package,
// those to come left out, and for each of those to come that has come.
func idle(rules []rule, toCome []string, g graph) []string {
	matches := func(pattern string) bool {
		for p := range g {
			if match(pattern, p) {
				return true
			}
		}
		return false
	}
	var lines []string
	for _, r := range rules {
		for _, p := range slices.Concat(r.of, r.butNot, r.mayNotImport, r.mayNotLink, r.except) {
			if !slices.Contains(toCome, p) && !matches(p) {
				lines = append(lines, fmt.Sprintf("%q: %s matches no package", r.says, p))
			}
		}
	}
	for _, p := range toCome {
		if matches(p) {
			lines = append(lines, p+" is there: take it off the list of those to come")
		}
	}
	return lines
}

func TestIdle(t *testing.T) {
	rules := []rule{{says: "r", of: []string{"./sdk", "./sdx"}, butNot: []string{"./later"}, mayNotLink: []string{"os"}}}
	g := graph{module + "/sdk": {"os"}, "os": nil}
	if got := idle(rules, []string{"./later"}, g); !slices.Equal(got, []string{`"r": ./sdx matches no package`}) {
		t.Errorf("got %q", got)
	}
	g[module+"/later"] = nil
	if got := idle(rules, []string{"./later"}, g); len(got) != 2 || !strings.HasPrefix(got[1], "./later is there") {
		t.Errorf("got %q", got)
	}
}

// load asks the go command what every package of the module links, tests left
// out.
func load(t *testing.T, goos string) graph {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "./...")
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH=amd64", "CGO_ENABLED=0")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	g := graph{}
	for line := range strings.Lines(string(out)) {
		if fields := strings.Fields(line); len(fields) > 0 {
			g[fields[0]] = fields[1:]
		}
	}
	return g
}

func TestEveryRuleCanBeBroken(t *testing.T) {
	for _, r := range rules {
		t.Run(r.says, func(t *testing.T) {
			for _, forbidden := range slices.Concat(r.mayNotImport, r.mayNotLink) {
				// A package that the rule is about, and one that it must not have.
				from, to := example(r.of[0], "from"), example(forbidden, "to")
				if lines := r.broken(graph{from: {to}}); len(lines) == 0 {
					t.Errorf("%s may import %s", from, to)
				}
			}
		})
	}
}

// example is an import path that pattern matches.
func example(pattern, name string) string {
	path := strings.Replace(pattern, "./", module+"/", 1)
	return strings.ReplaceAll(path, "...", name)
}

func TestBroken(t *testing.T) {
	g := graph{
		module + "/sdk":                {"context", module + "/proto/v1", module + "/internal/shared"},
		module + "/sdk/flowtest":       {module + "/sdk"},
		module + "/internal/shared":    {module + "/host/store"},
		module + "/host/store":         {"os"},
		module + "/host/store/keys/ss": {"github.com/godbus/dbus/v5"},
		module + "/hostile":            {"net/http"},
		module + "/proto/v1":           {"google.golang.org/grpc"},
	}
	cases := []struct {
		name string
		rule rule
		want []string
	}{
		{
			"a package reached through others is linked, and the way is shown",
			rule{of: []string{"./sdk"}, mayNotLink: []string{"./host/..."}},
			[]string{"sdk imports internal/shared imports host/store"},
		},
		{
			"a package reached through others is not imported",
			rule{of: []string{"./sdk"}, mayNotImport: []string{"./host/..."}},
			nil,
		},
		{
			"every package below is meant",
			rule{of: []string{"./sdk/..."}, mayNotLink: []string{"google.golang.org/grpc/..."}},
			[]string{
				"sdk imports proto/v1 imports google.golang.org/grpc",
				"sdk/flowtest imports sdk imports proto/v1 imports google.golang.org/grpc",
			},
		},
		{
			"a name that only begins the same is not",
			rule{of: []string{"./host/..."}, mayNotLink: []string{"net/http/..."}},
			nil,
		},
		{
			"dots in the middle are any directories",
			rule{of: []string{"./.../keys/..."}, mayNotLink: []string{"github.com/godbus/dbus/..."}},
			[]string{"host/store/keys/ss imports github.com/godbus/dbus/v5"},
		},
		{
			"some are left out",
			rule{of: []string{"./host/..."}, butNot: []string{"./host/store/keys/..."}, mayNotLink: []string{"github.com/godbus/dbus/..."}},
			nil,
		},
		{
			"and not by default",
			rule{of: []string{"./host/..."}, mayNotLink: []string{"github.com/godbus/dbus/..."}},
			[]string{"host/store/keys/ss imports github.com/godbus/dbus/v5"},
		},
		{
			"some are allowed",
			rule{of: []string{"./internal/..."}, mayNotLink: []string{"./..."}, except: []string{"./host/..."}},
			nil,
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := strings.ReplaceAll(strings.Join(c.rule.broken(g), "\n"), module+"/", "")
			if want := strings.Join(c.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}
