package cli

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/host/config"
)

var (
	ownVariable = regexp.MustCompile("`((?:AUTHLATCH|AZURE)_[A-Z_]+)`")
	readLiteral = regexp.MustCompile(`(?:env|Getenv|lookup)\((?:o\.Environ, |environ, )?"([A-Za-z_]+)"\)`)
)

// TestEachVariableIsDocumented holds the variables of docs/config.md against those
// that are read: the settings' own by asking for them, the others in the sources.
func TestEachVariableIsDocumented(t *testing.T) {
	page := pages(t)["docs/config.md"]
	read := settingsVariables(t)
	for _, name := range literalVariables(t, "host", "helper", "internal/cli") {
		if !strings.HasPrefix(name, "XDG_") && name != "KUBERNETES_EXEC_INFO" && !strings.Contains(page, name) {
			t.Errorf("%s is read, and docs/config.md does not say so", name)
		}
		if strings.HasPrefix(name, "AUTHLATCH_") || strings.HasPrefix(name, "AZURE_") {
			read[name] = true
		}
	}
	documented := map[string]bool{}
	for _, m := range ownVariable.FindAllStringSubmatch(page, -1) {
		documented[m[1]] = true
	}
	if !maps.Equal(read, documented) {
		t.Errorf("documented are %v\nread are       %v", slices.Sorted(maps.Keys(documented)), slices.Sorted(maps.Keys(read)))
	}
}

// settingsVariables are those that package config asks for.
func settingsVariables(t *testing.T) map[string]bool {
	t.Helper()
	asked := map[string]bool{}
	env := func(name string) string {
		if strings.HasPrefix(name, "AUTHLATCH_") || strings.HasPrefix(name, "AZURE_") {
			asked[name] = true
		}
		return ""
	}
	f, err := config.Load("", env)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := config.Resolve(f, config.Flags{}, env); err != nil {
		t.Fatal(err)
	}
	return asked
}

// literalVariables are the names that the sources below dirs read as they stand.
func literalVariables(t *testing.T, dirs ...string) []string {
	t.Helper()
	found := map[string]bool{}
	for _, dir := range dirs {
		err := filepath.WalkDir(filepath.Join("..", "..", filepath.FromSlash(dir)), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, m := range readLiteral.FindAllStringSubmatch(string(text), -1) {
				found[m[1]] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return slices.Sorted(maps.Keys(found))
}
