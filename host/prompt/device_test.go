//go:build unix

package prompt_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/term"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/prompt"
)

// console is a real pseudo-terminal: the person's end and the program's.
type console struct {
	person, program *os.File

	mu    sync.Mutex
	shown bytes.Buffer
	grown chan struct{}
}

func newConsole(t *testing.T) *console {
	t.Helper()
	person, program, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo-terminal can be had: %v", err)
	}
	c := &console{person: person, program: program, grown: make(chan struct{}, 1)}
	var reading sync.WaitGroup
	reading.Go(func() { _, _ = io.Copy(c, person) })
	t.Cleanup(func() {
		_ = program.Close()
		reading.Wait()
		_ = person.Close()
	})
	return c
}

func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case c.grown <- struct{}{}:
	default:
	}
	return c.shown.Write(p)
}

// see waits until the screen shows text.
func (c *console) see(text string) {
	for range c.grown {
		c.mu.Lock()
		found := strings.Contains(c.shown.String(), text)
		c.mu.Unlock()
		if found {
			return
		}
	}
}

func (c *console) screen() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.shown.String()
}

func (c *console) state(t *testing.T) *term.State {
	t.Helper()
	s, err := term.GetState(int(c.program.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRealTerminal(t *testing.T) {
	secret := host.Input{Name: "password", Label: "Password", Secret: true}
	cases := []struct {
		name string
		kind host.Input
		do   func(c *console, cancel func())
		want string
		err  error
	}{
		{"a line", host.Input{Name: "otp", Label: "Code"}, func(c *console, _ func()) { _, _ = c.person.WriteString("123\n") }, "123", nil},
		{"a secret", secret, func(c *console, _ func()) { _, _ = c.person.WriteString("s3cret\n") }, "s3cret", nil},
		{"a correction", secret, func(c *console, _ func()) { _, _ = c.person.WriteString("s3cress\x7f\x7ft\n") }, "s3cret", nil},
		{"the caller cancels", secret, func(_ *console, cancel func()) { cancel() }, "", context.Canceled},
		{"SIGINT", secret, func(*console, func()) { _ = syscall.Kill(os.Getpid(), syscall.SIGINT) }, "", host.ErrCancelled},
		{"SIGTERM", secret, func(*console, func()) { _ = syscall.Kill(os.Getpid(), syscall.SIGTERM) }, "", host.ErrCancelled},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			con := newConsole(t)
			before := con.state(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var person sync.WaitGroup
			person.Go(func() {
				con.see(c.kind.Label)
				c.do(con, cancel)
			})
			terminal := &prompt.Terminal{Device: prompt.NewDevice(con.program)}
			got, err := terminal.Prompt(ctx, ask(c.kind))
			person.Wait()
			if got.Value.Reveal() != c.want || !errors.Is(err, c.err) {
				t.Errorf("got %q, %v", got.Value.Reveal(), err)
			}
			if !reflect.DeepEqual(con.state(t), before) {
				t.Error("the terminal is not as it was")
			}
			if c.kind.Secret && strings.Contains(con.screen(), "s3c") {
				t.Errorf("the secret is on the screen: %q", con.screen())
			}
		})
	}
}

// What is typed ahead is the next answer.
func TestTypedAhead(t *testing.T) {
	con := newConsole(t)
	_, _ = con.person.WriteString("one\ntwo\n")
	terminal := &prompt.Terminal{Device: prompt.NewDevice(con.program)}
	for _, want := range []string{"one", "two"} {
		got, err := terminal.Prompt(t.Context(), ask(host.Input{Name: "x"}))
		if err != nil || got.Value.Reveal() != want {
			t.Errorf("got %q, %v", got.Value.Reveal(), err)
		}
	}
}

func TestEndOfInput(t *testing.T) {
	con := newConsole(t)
	_, _ = con.person.WriteString("\x04")
	terminal := &prompt.Terminal{Device: prompt.NewDevice(con.program)}
	got, err := terminal.Prompt(t.Context(), ask(host.Input{Name: "x"}))
	if err != nil || got.Outcome != host.Declined {
		t.Errorf("got %v, %v", got.Outcome, err)
	}
}

// A file that is no terminal asks nobody.
func TestNoTerminal(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	terminal := &prompt.Terminal{Device: prompt.NewDevice(null)}
	got, err := terminal.Prompt(t.Context(), ask(host.Input{Name: "x", Secret: true}))
	if err != nil || got.Outcome != host.Unavailable {
		t.Errorf("got %v, %v", got.Outcome, err)
	}
}

func TestStyle(t *testing.T) {
	full := prompt.Style{Control: true, Color: true, Unicode: true}
	cases := []struct {
		name    string
		goos    string
		noColor bool
		environ []string
		want    prompt.Style
	}{
		{"a usual terminal", "linux", false, []string{"TERM=xterm-256color", "LANG=de_DE.UTF-8"}, full},
		{"LC_ALL wins", "linux", false, []string{"TERM=xterm", "LANG=de_DE.UTF-8", "LC_ALL=C"}, prompt.Style{Control: true, Color: true}},
		{"NO_COLOR", "linux", false, []string{"TERM=xterm", "LANG=C.utf8", "NO_COLOR=1"}, prompt.Style{Control: true, Unicode: true}},
		{"--no-color", "linux", true, []string{"TERM=xterm", "LANG=C.UTF-8"}, prompt.Style{Control: true, Unicode: true}},
		{"a dumb one", "linux", false, []string{"TERM=dumb", "LANG=C.UTF-8"}, prompt.Style{Unicode: true}},
		{"none at all", "linux", false, nil, prompt.Style{}},
		{"Windows", "windows", false, nil, full},
	}
	for _, c := range cases {
		if got := prompt.StyleOf(c.goos, c.noColor, c.environ...); got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}
