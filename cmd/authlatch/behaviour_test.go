//go:build unix

package main_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/authlatch/authlatch/emulator"
)

// wellBehaved checks what holds for every call of authlatch: stdout has an
// answer or nothing, an error has at most three lines or is one JSON object, and
// stderr never holds a secret.
func (w *world) wellBehaved(ts *testscript.TestScript, code int, stdout, stderr string) {
	if code != 0 && stdout != "" {
		ts.Fatalf("exit code %d, and yet there is something on stdout:\n%s", code, stdout)
	}
	if code != 0 && stderr == "" && code != 1 {
		ts.Fatalf("exit code %d without a word on stderr", code)
	}
	if found := secretIn(stderr); found != "" {
		ts.Fatalf("a secret is on stderr: %s…", found)
	}
	if found := w.recorded(stdout, stderr); found != "" {
		ts.Fatalf("a %s that has passed is in the output", found)
	}
	var told []string // the error, without log lines
	for line := range strings.Lines(stderr) {
		if !strings.HasPrefix(line, "time=") && !strings.HasPrefix(line, "level=") && !strings.HasPrefix(line, "authlatch: warning: ") &&
			!strings.HasPrefix(line, "authlatch: waiting for ") {
			told = append(told, line)
		}
	}
	if code == 0 || len(told) == 0 {
		return
	}
	if strings.HasPrefix(told[0], "{") {
		var object struct {
			ExitCode int    `json:"exit_code"`
			What     string `json:"what"`
		}
		if err := json.Unmarshal([]byte(strings.Join(told, "")), &object); err != nil || object.ExitCode != code || object.What == "" {
			ts.Fatalf("stderr is not one JSON object about exit code %d (%v):\n%s", code, err, stderr)
		}
		return
	}
	if len(told) > 3 || !strings.HasPrefix(told[0], "authlatch: ") {
		ts.Fatalf("the error is not three lines at most:\n%s", stderr)
	}
	for _, line := range told[1:] {
		if !strings.HasPrefix(line, "  ") {
			ts.Fatalf("the error's lines are not one paragraph:\n%s", stderr)
		}
	}
}

// fails is "fails [in=STEPS] CODE REASON NEXT PROGRAM ARGUMENT...": it compares the
// error that is told as JSON: the reason ("-" for none) and the next step, word
// by word. With STEPS it runs in a terminal, as the command terminal does.
func fails(ts *testscript.TestScript, _ bool, args []string) {
	steps, inTerminal := strings.CutPrefix(args[0], "in=")
	if inTerminal {
		args = args[1:]
	}
	code, reason, next, call := args[0], args[1], args[2], append(slices.Clone(args[3:]), "--error-format", "json")
	var stderr string
	if inTerminal {
		stderr = runTerminal(ts, append([]string{code, steps}, call...))
	} else {
		exits(ts, false, append([]string{code}, call...))
		stderr = ts.ReadFile("stderr")
	}
	var told struct{ Reason, Next string }
	for line := range strings.Lines(stderr) {
		if strings.HasPrefix(line, "{") {
			ts.Check(json.Unmarshal([]byte(line), &told))
		}
	}
	if reason == "-" {
		reason = ""
	}
	if told.Reason != reason || told.Next != next {
		ts.Fatalf("the reason is %q and the next step\n%q, not %q and\n%q", told.Reason, told.Next, reason, next)
	}
}

// secretIn finds a token or a default user's password in a text.
func secretIn(text string) string {
	for _, u := range emulator.DefaultUsers() {
		if strings.Contains(text, u.Password) {
			return "the password of " + u.Username
		}
	}
	if token := jwt.FindString(text); token != "" {
		return token
	}
	return ""
}

// jwt is the beginning of every JWT: header and payload are JSON objects. Three
// letters of it alone are found in any certificate, sooner or later.
var jwt = regexp.MustCompile(`eyJ[\w-]+\.eyJ`)
