//go:build unix

package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A cell of eachFlow is run, or says why the case does not apply.
const run = "run"

// eachFlow is what can become of a sign-in, with each flow. The line after the
// comment "case: FLOW CASE" of a script runs it.
var eachFlow = []struct{ name, browser, devicecode, password string }{
	{"success", run, run, run},
	{"silent", run, run, run},
	{"refresh", run, run, run},
	{"claims", run, run, run},
	{"another tenant", run, run, run},
	{"cancel", run, run, run},
	{
		"time-out", run, run,
		"does not apply: it has none of its own; a request has 30 s and a sign-in 30 min, and no script waits so long",
	},
	{"denied", run, run, run},
	{
		"wrong password",
		"does not apply: the provider's page has the password and asks again",
		"does not apply: the provider's page has the password and asks again",
		run,
	},
	{"MFA required", run, run, run},
	{"consent missing", run, run, run},
	{"expired code", run, run, "does not apply: it has no code"},
	{
		"slow_down",
		"does not apply: it does not poll", run,
		"does not apply: it does not poll",
	},
	{"429", run, run, run},
	{"503", run, run, run},
	{"truncated", run, run, run},
	{"huge", run, run, run},
}

// Scripts may mark other cases than the flows' too.
var (
	flowMark = regexp.MustCompile(`(?m)^# case: (?:browser|devicecode|password) `)
	caseMark = regexp.MustCompile(`(?m)^# case: (browser|devicecode|password) (.+)\n(?:[^#\n-]|-[^-])`)
)

// TestEachFlow fails if a case of eachFlow is run nowhere, or if a script marks
// one that is not there.
func TestEachFlow(t *testing.T) {
	scripts, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	var marked []string
	for _, script := range scripts {
		text, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		found := caseMark.FindAllStringSubmatch(string(text), -1)
		if n := len(flowMark.FindAll(text, -1)); n != len(found) {
			t.Errorf("%s: %d marks, of which %d are before a line that runs", script, n, len(found))
		}
		for _, m := range found {
			marked = append(marked, m[1]+" "+m[2])
		}
	}
	for _, c := range eachFlow {
		for flow, cell := range map[string]string{"browser": c.browser, "devicecode": c.devicecode, "password": c.password} {
			at := slices.Index(marked, flow+" "+c.name)
			switch {
			case cell == run && at < 0:
				t.Errorf("%s %s: no script runs it", flow, c.name)
			case cell != run && !strings.HasPrefix(cell, "does not apply: "):
				t.Errorf("%s %s: neither run nor said why not", flow, c.name)
			case cell == run:
				marked = slices.Delete(marked, at, at+1)
			}
		}
	}
	if len(marked) > 0 {
		t.Errorf("marked in a script twice, or not in the table: %q", marked)
	}
}
