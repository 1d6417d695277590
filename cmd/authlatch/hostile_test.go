//go:build unix

package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// hostileTable is what the flows of host/launch's tests do, and what the host
// says that they did.
const hostileTable = "../../host/launch/testdata/hostile.txt"

// Each hostile flow costs its user one error: exit code 6, a line that names the
// flow and what it did, nothing on stdout, a clean screen, no process and no file.
func TestHostileFlows(t *testing.T) {
	table, err := os.ReadFile(hostileTable)
	if err != nil {
		t.Fatal(err)
	}
	i := newInstallation(t)
	n := 0
	for line := range strings.Lines(string(table)) {
		fields := strings.Fields(line)
		if len(fields) < 3 || fields[0] == "#" || fields[1] == "unconfined" || fields[1] == "mtls" {
			continue // authlatch has neither setting
		}
		flow, marks := fields[0], fields[1]
		_, what, _ := strings.Cut(line, " "+marks+" ")
		if marks == "start" && flow != "never-handshakes" {
			continue // ten seconds each, for what host/launch shows in one
		}
		n++
		t.Run(flow, func(t *testing.T) {
			t.Parallel()
			c := i.with(t, flow, "")
			c.silent = marks == "slow-person"
			c.fails(t, strings.TrimSpace(what), "token", "--scope", "https://management.azure.com/.default")
			if flow == "other-host" && !strings.Contains(c.screen(), "Opening login.evil.example in your browser.") {
				t.Errorf("the page's host is not on the screen:\n%s", c.screen())
			}
		})
	}
	if n < 60 {
		t.Errorf("only %d flows were run", n)
	}
}

// A token of somebody else is not kept, and not handed out.
func TestOtherAccounts(t *testing.T) {
	i := newInstallation(t)
	for _, c := range []struct{ flow, profile, what string }{
		{"changes-account", "", "renewed the token of another account than it was asked for"},
		{"changes-tenant", "", "renewed the token of an account of another tenant than it was asked for"},
		{"plain", `username = "alice@contoso.example"`, "signed in zoe@contoso.example, not alice@contoso.example"},
	} {
		t.Run(c.flow, func(t *testing.T) {
			t.Parallel()
			u := i.with(t, c.flow, c.profile)
			if c.profile == "" {
				if code, stdout, stderr := u.run(t, "token", "--scope", "first"); code != 0 || stdout == "" {
					t.Fatalf("the sign-in: %d, %s", code, stderr)
				}
			}
			u.fails(t, c.what, "token", "--scope", "second")
			u.fails(t, c.what, "token", "--scope", "second")
		})
	}
}

// What crashes never makes way for the next flow of the profile, which would hide
// it; what cannot work here does.
func TestNoFallThrough(t *testing.T) {
	i := newInstallation(t)
	for _, flow := range []string{"dies-at-once", "dies-after-handshake", "dies-on-start", "dies-asking", "dies-after-token", "no-token", "unavailable-is", "panics"} {
		t.Run(flow, func(t *testing.T) {
			t.Parallel()
			u := i.with(t, flow, "", "plain")
			u.fails(t, "flow "+flow+" ", "token", "--scope", "a")
		})
	}
	t.Run("unavailable", func(t *testing.T) {
		t.Parallel()
		u := i.with(t, "unavailable", "", "plain")
		code, stdout, stderr := u.run(t, "token", "--scope", "a")
		if code != 0 || stdout != "eyJ.access.token\n" {
			t.Errorf("exit code %d, stdout %q, stderr:\n%s", code, stdout, stderr)
		}
	})
}

var startedPID = regexp.MustCompile(`flow started.* pid=(\d+)`)

// fails runs authlatch, which must blame the flow.
func (u *user) fails(t *testing.T, what string, args ...string) {
	t.Helper()
	code, stdout, stderr := u.run(t, args...)
	first := "" // of the error
	for line := range strings.Lines(stderr) {
		if strings.HasPrefix(line, "authlatch: flow ") {
			first = strings.TrimRight(line, "\n")
		}
		if len(line) > 6000 || strings.ContainsAny(line, "\x1b\u202e\a\r\x00") {
			t.Errorf("a line on stderr is not clean: %.200q", line)
		}
	}
	if code != 6 || !strings.Contains(first, what) || stdout != "" {
		t.Errorf("exit code %d, stdout %q, want %q in %q; stderr:\n%.4000s", code, stdout, what, first, stderr)
	}
	for _, bad := range []string{"\u202e", "\u2066", "\a", "\x1b]", "\x1b[2J", "\x1b[31m", "\u009b"} {
		if strings.Contains(u.screen(), bad) {
			t.Errorf("%q is on the screen: %q", bad, u.screen())
		}
	}
	for _, m := range startedPID.FindAllStringSubmatch(stderr, -1) {
		if pid, _ := strconv.Atoi(m[1]); syscall.Kill(pid, 0) == nil {
			t.Errorf("process %d is left", pid)
		}
	}
	left, _ := filepath.Glob(filepath.Join(u.temp, "authlatch-*", "*"))
	if len(left) > 0 {
		t.Errorf("%q are left", left)
	}
}
