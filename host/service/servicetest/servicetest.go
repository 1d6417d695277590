// Package servicetest has the list of hosts that must get no token, for the tests
// of whoever gives tokens to hosts.
package servicetest

import (
	_ "embed"
	"strconv"
	"strings"
	"testing"
)

//go:embed hostile.txt
var hostile string

// Hostile returns the lines of hostile.txt, unquoted, and some that are too long to
// be written there.
func Hostile(t testing.TB) []string {
	t.Helper()
	all := []string{strings.Repeat("x", 100_000), "https://dev.azure.com/" + strings.Repeat("x/", 50_000)}
	for line := range strings.Lines(hostile) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		if line[0] == '"' {
			var err error
			if line, err = strconv.Unquote(line); err != nil {
				t.Fatalf("hostile.txt: %s: %v", line, err)
			}
		}
		all = append(all, line)
	}
	if len(all) < 200 {
		t.Fatalf("there are %d hostile hosts", len(all))
	}
	return all
}
