package config

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// tableRow is a row of a table of the page that is about a setting.
var tableRow = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|")

// TestEachKeyIsDocumented holds the tables of docs/config.md against the keys that
// the file may have, both ways and in the same order.
func TestEachKeyIsDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "config.md"))
	if err != nil {
		t.Fatal(err)
	}
	for heading, keys := range map[string][]string{
		"## The whole file": rootKeys, "## A profile": profileKeys, "## The store": storeKeys,
		"## Rules": ruleKeys, "## Docker": dockerKeys, "### Secrets and other references": referenceKeys,
	} {
		_, section, ok := strings.Cut(string(text), "\n"+heading+"\n")
		if !ok {
			t.Errorf("there is no %q", heading)
			continue
		}
		if i := strings.Index(section, "\n#"); i >= 0 {
			section = section[:i]
		}
		var documented []string
		for _, m := range tableRow.FindAllStringSubmatch(section, -1) {
			documented = append(documented, m[1])
		}
		if !slices.Equal(documented, keys) {
			t.Errorf("%s has %v, the file %v", heading, documented, keys)
		}
	}
}
