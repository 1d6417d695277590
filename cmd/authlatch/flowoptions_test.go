package main_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/authlatch/authlatch/internal/testbin"
)

// optionRow is a row of the table of flows' options in docs/config.md.
var optionRow = regexp.MustCompile("(?m)^\\| `([a-z]+)` \\| `([a-z_]+)` \\| ([a-z]+) \\|")

// TestEachOptionOfAFlowIsDocumented holds what the flows say of themselves against
// docs/config.md.
func TestEachOptionOfAFlowIsDocumented(t *testing.T) {
	type option struct{ flow, name, kind string }
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "config.md"))
	if err != nil {
		t.Fatal(err)
	}
	var documented, declared []option
	for _, m := range optionRow.FindAllStringSubmatch(string(text), -1) {
		documented = append(documented, option{m[1], m[2], m[3]})
	}
	for _, flow := range []string{"browser", "devicecode", "password"} {
		cmd := exec.Command(testbin.Path(t, "authlatch"), "flow", "describe", flow, "-o", "json")
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v", cmd, err)
		}
		var d struct {
			Options []struct{ Name, Kind string }
		}
		if err := json.Unmarshal(out, &d); err != nil {
			t.Fatal(err)
		}
		for _, o := range d.Options {
			declared = append(declared, option{flow, o.Name, o.Kind})
		}
	}
	if !slices.Equal(documented, declared) {
		t.Errorf("documented are %v\ndeclared are   %v", documented, declared)
	}
}
