//go:build unix

package launch_test

import (
	"os"
	"strings"
	"testing"
)

// full is for proofs at full scale, on a machine that does nothing else:
// LAUNCH_TEST_FULL=1 go test ./host/launch.
var full = os.Getenv("LAUNCH_TEST_FULL") != ""

// hostileRow is a row of testdata/hostile.txt.
type hostileRow struct{ flow, marks, what string }

func (r hostileRow) is(mark string) bool { return r.marks == mark }

func hostileRows(t *testing.T) []hostileRow {
	t.Helper()
	table, err := os.ReadFile("testdata/hostile.txt")
	if err != nil {
		t.Fatal(err)
	}
	var rows []hostileRow
	for line := range strings.Lines(string(table)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		flow, rest, _ := strings.Cut(line, " ")
		marks, what, _ := strings.Cut(strings.TrimSpace(rest), " ")
		what = strings.TrimSpace(what)
		if what == "" {
			t.Fatalf("%q has no third column", line)
		}
		rows = append(rows, hostileRow{flow, marks, what})
	}
	return rows
}
