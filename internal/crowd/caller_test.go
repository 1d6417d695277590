//go:build unix

package crowd

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// patience is how long anything may take before the test is given up; nothing is
// asserted about how long it does take.
const patience = 2 * time.Minute

// sink collects what is written, and tells of it.
type sink struct {
	mu      sync.Mutex
	b       bytes.Buffer
	changed chan struct{}
}

func newSink() *sink { return &sink{changed: make(chan struct{})} }

func (s *sink) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.changed)
	s.changed = make(chan struct{})
	return s.b.Write(p)
}

func (s *sink) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// await returns when ok says so of what was written.
func (s *sink) await(t *testing.T, what string, ok func(string) bool) {
	t.Helper()
	late := time.After(patience)
	for {
		s.mu.Lock()
		text, changed := s.b.String(), s.changed
		s.mu.Unlock()
		if ok(text) {
			return
		}
		select {
		case <-changed:
		case <-late:
			t.Fatalf("it never came to %s; there is:\n%s", what, text)
		}
	}
}

// caller is one process at a terminal of its own.
type caller struct {
	cmd            *exec.Cmd
	screen, stderr *sink // shared by all of a town
	own            *sink // its own stderr
	stdout         bytes.Buffer
	keys           *os.File // the terminal's other end
	done           chan struct{}
	code           int
}

// call starts a program.
func (w *town) call(program string, args ...string) *caller {
	w.t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		w.t.Fatal(err)
	}
	if !filepath.IsAbs(program) {
		program = filepath.Join(w.bin, program)
	}
	c := &caller{screen: w.screens, stderr: w.stderrs, own: newSink(), keys: master, done: make(chan struct{})}
	c.cmd = exec.CommandContext(w.t.Context(), program, args...)
	c.cmd.Env, c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = w.env, slave, &c.stdout, io.MultiWriter(c.own, c.stderr)
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true} // of stdin
	c.cmd.WaitDelay = time.Second
	if err := c.cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	var reading sync.WaitGroup
	reading.Go(func() { _, _ = io.Copy(c.screen, master) })
	go func() {
		_ = c.cmd.Wait() // its exit code says all
		c.code = c.cmd.ProcessState.ExitCode()
		_ = slave.Close()
		reading.Wait()
		_ = master.Close()
		close(c.done)
	}()
	return c
}

// ends waits for the process and returns its exit code.
func (c *caller) ends(t *testing.T) int {
	t.Helper()
	select {
	case <-c.done:
	case <-time.After(patience):
		t.Fatalf("a process does not end; its stderr:\n%s", c.own)
	}
	if c.code != 0 && c.stdout.Len() > 0 {
		t.Errorf("exit code %d, and yet there is something on stdout", c.code)
	}
	return c.code
}

// interrupt presses Ctrl-C.
func (c *caller) interrupt(t *testing.T) {
	t.Helper()
	if _, err := c.keys.Write([]byte{3}); err != nil {
		t.Fatal(err)
	}
}

// waiting is how many have said that they wait for a sign-in.
func waiting(stderr string) int {
	return strings.Count(stderr, "authlatch: waiting for another process that signs in (authlatch for kubectl, pid ")
}

// contains says whether the caller's stderr has the text.
func contains(c *caller, text string) bool { return strings.Contains(c.own.String(), text) }
