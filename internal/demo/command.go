package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/creack/pty"
)

// result is what a finished program left.
type result struct {
	pid    int
	stdout []byte
	// flows are the flow processes that its log said it had started, as they were
	// found then.
	flows []flowProcess
}

// terminal is the person's side of a program that runs in a terminal of its own.
// screen gets what the program shows there.
type terminal struct {
	typed  io.Reader // what the person pipes in; nil for nothing
	screen func(line string)
}

// ending is how long a program that was told to end may take: it has to end its
// flow and the scripted browser's connection.
const ending = 5 * time.Second

// command is a program in this world. When ctx ends it is told to end, not
// killed: only so can it take its own children and files with it.
func (w *world) command(ctx context.Context, path string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, path, args...) // #nosec G204 -- our own programs, and the person's kubectl
	cmd.Cancel = func() error { return cmd.Process.Signal(gentleSignal()) }
	cmd.WaitDelay = ending
	cmd.Env = w.environ()
	cmd.Dir = w.dir
	return cmd
}

// run runs a program of the world with a terminal, stdout and stderr apart, and
// fails unless it exits 0.
func (w *world) run(ctx context.Context, term terminal, path string, args ...string) (result, error) {
	name := filepath.Base(path)
	fmt.Printf("  $ %s %s\n", name, strings.Join(args, " "))
	cmd := w.command(ctx, path, args...)
	cmd.Env = append(cmd.Env, "AUTHLATCH_LOG=debug")
	cmd.Stdin = term.typed
	var stdout, stderr bytes.Buffer
	var r result
	log := lineReader{show: func(line string) {
		if f, ok := startedFlow(line); ok {
			r.flows = append(r.flows, f)
		}
	}}
	cmd.Stdout, cmd.Stderr = &stdout, io.MultiWriter(&stderr, &log)

	done, err := attachTerminal(cmd, term.screen)
	if err != nil {
		return result{}, err
	}
	err = cmd.Run()
	done()
	r.stdout = stdout.Bytes()
	if cmd.Process != nil {
		r.pid = cmd.Process.Pid
		w.started = append(w.started, r.pid)
	}
	for _, f := range r.flows {
		w.started = append(w.started, f.pid)
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return r, fmt.Errorf("%s exited with %d:\n%s", name, exit.ExitCode(), stderr.String())
	}
	return r, err
}

// attachTerminal gives cmd a controlling terminal that is none of its standard
// streams, as a person's terminal is for a helper that docker runs.
func attachTerminal(cmd *exec.Cmd, screen func(string)) (done func(), err error) {
	if screen == nil {
		return func() {}, nil
	}
	master, slave, err := pty.Open()
	if err != nil {
		return nil, fmt.Errorf("open a terminal: %w", err)
	}
	if err := pty.Setsize(master, &pty.Winsize{Rows: 50, Cols: 100}); err != nil {
		return nil, err
	}
	controllingTerminal(cmd, slave)
	var reading sync.WaitGroup
	reading.Go(func() {
		lines := lineReader{show: screen}
		_, _ = io.Copy(&lines, master) // ends with EIO when the terminal is closed
	})
	return func() {
		_ = slave.Close()
		reading.Wait()
		_ = master.Close()
	}, nil
}

var controls = regexp.MustCompile(`\x1b\[[0-9;?]*[a-zA-Z]`)

// lineReader hands on each line that is written to it, without its colours.
type lineReader struct {
	rest string
	show func(line string)
}

func (l *lineReader) Write(p []byte) (int, error) {
	l.rest += string(p)
	for {
		line, rest, ok := strings.Cut(l.rest, "\n")
		if !ok {
			return len(p), nil
		}
		l.rest = rest
		l.show(strings.TrimRight(controls.ReplaceAllString(line, ""), "\r "))
	}
}
