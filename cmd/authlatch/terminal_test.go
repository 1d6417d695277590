//go:build unix

package main_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/creack/pty"
	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/term"

	"github.com/authlatch/authlatch/emulator"
	"github.com/authlatch/authlatch/emulator/person"
)

// patience is how long a step of a terminal's script may take before the test
// is given up; nothing is asserted about how long it does take.
const patience = 30 * time.Second

// runInTerminal is "terminal CODE STEPS PROGRAM ARGUMENT...": it runs the
// program in a terminal of its own, stdout and stderr apart, with a person who
// follows the file STEPS. A PROGRAM with a whole path is one of the system's:
//
//	see REGEXP         wait until the screen shows it
//	type TEXT          type a line; $VARIABLES are expanded
//	interrupt          press Ctrl-C
//	suspend            press Ctrl-Z
//	signal             send SIGTERM
//	enter-code NAME    enter the device code in a browser as NAME
//	decline-code NAME  the same, and say no at the end
//
// What the screen has shown is in the file "screen" afterwards. It fails if the
// terminal is not left as it was found.
func runInTerminal(ts *testscript.TestScript, _ bool, args []string) { runTerminal(ts, args) }

// runTerminal returns what was on stderr.
func runTerminal(ts *testscript.TestScript, args []string) string {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	steps := strings.Split(strings.TrimSpace(ts.ReadFile(args[1])), "\n")
	t := openTerminal(ts)
	defer t.close()

	program := args[2]
	if !filepath.IsAbs(program) {
		program = filepath.Join(ts.Getenv("BIN"), program)
	}
	path, err := exec.LookPath(program)
	ts.Check(err)
	cmd := exec.Command(path, args[3:]...)
	cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "TERM", "LANG", "BROWSER", "AUTHLATCH_CONFIG", "AUTHLATCH_STORE_DIR",
		"AUTHLATCH_STORE_KEY", "AUTHLATCH_LOG", "AUTHLATCH_PROFILE", "AZURE_PASSWORD"} {
		if v := ts.Getenv(name); v != "" {
			cmd.Env = append(cmd.Env, name+"="+v)
		}
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = t.slave, &stdout, &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true} // of stdin
	before, err := term.GetState(int(t.slave.Fd()))
	ts.Check(err)
	ts.Check(cmd.Start())
	defer func() { _ = cmd.Process.Kill() }()
	go func() {
		err = cmd.Wait()
		close(t.gone)
	}()

	for _, step := range steps {
		if step != "" {
			t.play(ts, cmd.Process, step)
		}
	}
	select {
	case <-t.gone:
	case <-time.After(patience):
		ts.Fatalf("the program does not end; the screen shows:\n%s", t.shown())
	}
	after, stateErr := term.GetState(int(t.slave.Fd()))
	ts.Check(stateErr)
	if !reflect.DeepEqual(before, after) {
		ts.Fatalf("the terminal is not as it was")
	}
	t.close()
	ts.Logf("[screen]\n%s", t.shown())
	_, _ = ts.Stdout().Write(stdout.Bytes())
	_, _ = ts.Stderr().Write(stderr.Bytes())
	ts.Check(os.WriteFile(ts.MkAbs("screen"), []byte(t.shown()), 0o600))
	got := exitCode(ts, err)
	worldOf(ts).wellBehaved(ts, got, stdout.String(), stderr.String())
	if found := secretIn(t.shown()) + worldOf(ts).recorded("", t.shown()); found != "" {
		ts.Fatalf("a secret is on the screen: %s", found)
	}
	if got != want {
		ts.Fatalf("exit code %d, not %d", got, want)
	}
	return stderr.String()
}

// fakeTerminal is both ends of a terminal, and its screen.
type fakeTerminal struct {
	master, slave *os.File
	reading       sync.WaitGroup
	closing       sync.Once
	gone          chan struct{} // closed when the program has ended

	mu     sync.Mutex
	screen bytes.Buffer
}

func openTerminal(ts *testscript.TestScript) *fakeTerminal {
	master, slave, err := pty.Open()
	ts.Check(err)
	ts.Check(pty.Setsize(master, &pty.Winsize{Rows: 50, Cols: 120}))
	t := &fakeTerminal{master: master, slave: slave, gone: make(chan struct{})}
	t.reading.Go(func() { _, _ = io.Copy(t, master) }) // ends when the terminal is closed
	return t
}

func (t *fakeTerminal) close() {
	t.closing.Do(func() {
		_ = t.slave.Close()
		_ = t.master.SetReadDeadline(time.Now().Add(time.Second)) // a browser may still hold it
		t.reading.Wait()
		_ = t.master.Close()
	})
}

// Write is the screen's.
func (t *fakeTerminal) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.screen.Write(p)
}

var escapes = regexp.MustCompile(`\x1b\[[0-9;?]*[a-zA-Z]`)

func (t *fakeTerminal) shown() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return escapes.ReplaceAllString(strings.ReplaceAll(t.screen.String(), "\r", ""), "")
}

func (t *fakeTerminal) play(ts *testscript.TestScript, p *os.Process, step string) {
	verb, rest, _ := strings.Cut(step, " ")
	switch verb {
	case "see":
		t.await(ts, regexp.MustCompile(rest).MatchString, step)
	case "type":
		_, err := t.master.WriteString(os.Expand(rest, ts.Getenv) + "\r")
		ts.Check(err)
	case "interrupt":
		_, err := t.master.Write([]byte{3})
		ts.Check(err)
	case "suspend":
		_, err := t.master.Write([]byte{26})
		ts.Check(err)
	case "signal":
		ts.Check(p.Signal(syscall.SIGTERM))
	case "enter-code", "decline-code":
		ts.Check(t.useCode(ts, verb, rest))
	default:
		ts.Fatalf("unknown step %q", step)
	}
}

func (t *fakeTerminal) await(ts *testscript.TestScript, ok func(string) bool, what string) {
	gone := false
	for deadline := time.Now().Add(patience); !ok(t.shown()); time.Sleep(10 * time.Millisecond) {
		if gone || time.Now().After(deadline) {
			ts.Fatalf("the screen never came to %q; it shows:\n%s", what, t.shown())
		}
		select {
		case <-t.gone: // look once more
			gone = true
		default:
		}
	}
}

// useCode enters the code that the screen shows.
func (t *fakeTerminal) useCode(ts *testscript.TestScript, verb, name string) error {
	server := worldOf(ts).server
	code := ""
	t.await(ts, func(screen string) bool {
		for _, c := range server.UserCodes() {
			if strings.Contains(screen, c) {
				code = c
			}
		}
		return code != ""
	}, "a device code")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	p := person.New(server.Client(), name, passwordOf(name))
	if verb == "decline-code" {
		return p.DeclineCode(ctx, server.URL()+"/device", code)
	}
	return p.EnterCode(ctx, server.URL()+"/device", code)
}

func passwordOf(name string) string {
	for _, u := range emulator.DefaultUsers() {
		if u.Username == name {
			return u.Password
		}
	}
	return ""
}
