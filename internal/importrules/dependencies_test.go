package importrules

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDependenciesPage holds docs/dependencies.md to go.mod: a row for each
// direct requirement, and no other.
func TestDependenciesPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	required, told := directRequirements(t), toldModules(string(page))
	for _, m := range required {
		if !slices.Contains(told, m) {
			t.Errorf("%s is required and docs/dependencies.md has no row for it", m)
		}
	}
	for _, m := range told {
		if !slices.Contains(required, m) {
			t.Errorf("docs/dependencies.md has a row for %s, which go.mod does not require directly", m)
		}
	}
}

func directRequirements(t *testing.T) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json", "../../go.mod").Output()
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	if err := json.Unmarshal(out, &file); err != nil {
		t.Fatal(err)
	}
	var direct []string
	for _, r := range file.Require {
		if !r.Indirect {
			direct = append(direct, r.Path)
		}
	}
	return direct
}

var quotedName = regexp.MustCompile("`([^`]+)`")

// toldModules returns the names in the first column of the page's tables, those
// of what was weighed and is not used left out.
func toldModules(page string) []string {
	told := map[string]bool{}
	section := ""
	for line := range strings.Lines(page) {
		if title, ok := strings.CutPrefix(line, "## "); ok {
			section = strings.TrimSpace(title)
		}
		cell, isRow := strings.CutPrefix(line, "| ")
		if !isRow || section == "Weighed, and not used" {
			continue
		}
		cell, _, _ = strings.Cut(cell, "|")
		for _, m := range quotedName.FindAllStringSubmatch(cell, -1) {
			told[m[1]] = true
		}
	}
	return slices.Sorted(maps.Keys(told))
}
