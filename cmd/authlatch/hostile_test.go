//go:build unix

package main_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/authlatch/authlatch/internal/testbin"
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

// installation is authlatch with the hostile flows beside it.
type installation struct{ dir, flows string }

func newInstallation(t *testing.T) *installation {
	t.Helper()
	dir := t.TempDir()
	i := &installation{dir: dir, flows: filepath.Join(dir, "launch.test")}
	build := exec.Command("go", "test", "-c", "-o", i.flows, "github.com/authlatch/authlatch/host/launch")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the hostile flows: %v\n%s", err, out)
	}
	binary, err := os.ReadFile(testbin.Path(t, "authlatch"))
	err = errors.Join(err, os.Chmod(dir, 0o755), os.Chmod(i.flows, 0o755))
	if err = errors.Join(err, os.WriteFile(filepath.Join(dir, "authlatch"), binary, 0o755)); err != nil {
		t.Fatal(err)
	}
	return i
}

// user is somebody with a home, a config and a terminal of their own.
type user struct {
	program string
	env     []string
	temp    string
	silent  bool // types nothing

	mu    sync.Mutex
	shown bytes.Buffer
	typed int
}

// with is a user whose only profile has these flows.
func (i *installation) with(t *testing.T, flow, profile string, more ...string) *user {
	t.Helper()
	quoted := ""
	for _, name := range append([]string{flow}, more...) {
		quoted += strconv.Quote(name) + ","
		link := filepath.Join(i.dir, "authlatch-flow-"+name)
		if err := os.Link(i.flows, link); err != nil && !os.IsExist(err) {
			t.Fatal(err)
		}
	}
	home, err := os.MkdirTemp("", "al") // short, for sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	config := fmt.Sprintf("version = 1\ndefault_profile = \"p\"\n[profiles.p]\nauthority = \"https://localhost:1\"\ntenant = \"contoso.example\"\n"+
		"client_id = \"a0717a7c-0000-4000-8000-0000000000c1\"\nflows = [%s]\n%s\n", quoted, profile)
	if err := os.WriteFile(filepath.Join(home, "config.toml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return &user{program: filepath.Join(i.dir, "authlatch"), temp: home, env: []string{
		"PATH=/usr/bin:/bin", "HOME=" + home, "TMPDIR=" + home, "TERM=xterm", "LANG=C.UTF-8", "BROWSER=true",
		"AUTHLATCH_CONFIG=" + filepath.Join(home, "config.toml"), "AUTHLATCH_STORE_DIR=" + filepath.Join(home, "store"), "AUTHLATCH_STORE_KEY=file",
	}}
}

// Write is the screen's, which the user reads: they answer what is asked.
func (u *user) Write(p []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.shown.Write(p)
}

func (u *user) screen() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.shown.String()
}

// asked reports how often the screen has shown a question.
func (u *user) asked() int { return strings.Count(u.screen(), "one-time code: ") }

// run returns after the program has ended.
func (u *user) run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	var out, log bytes.Buffer
	cmd := exec.Command(u.program, append(args, "--log-level", "debug")...)
	cmd.Env, cmd.Dir = u.env, u.temp
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, &out, &log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	var reading sync.WaitGroup
	reading.Go(func() {
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			_, _ = u.Write(buf[:n])
			for ; !u.silent && u.typed < u.asked(); u.typed++ {
				_, _ = io.WriteString(master, "1\n")
			}
			if err != nil {
				return
			}
		}
	})
	late := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() }) // nothing depends on it
	err = cmd.Run()
	late.Stop()
	_ = slave.Close()
	_ = master.SetReadDeadline(time.Now().Add(time.Second))
	reading.Wait()
	_ = master.Close()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), log.String()
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
