package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/creack/pty"
)

// result is what a finished program left.
type result struct {
	pid    int
	stdout []byte
	// flows are the flow processes that its log says it has started.
	flows []flowProcess
}

type flowProcess struct {
	name string
	pid  int
	path string
}

// terminal is the person's side of a program that runs in a terminal of its own.
// screen gets what the program shows there.
type terminal struct {
	typed  io.Reader // what the person pipes in; nil for nothing
	screen func(line string)
}

// run runs a program of the world with a terminal, stdout and stderr apart, and
// fails unless it exits 0.
func (w *world) run(ctx context.Context, term terminal, name string, args ...string) (result, error) {
	fmt.Printf("  $ %s %s\n", name, strings.Join(args, " "))
	cmd := exec.CommandContext(ctx, w.program(name), args...) // #nosec G204 -- our own program
	cmd.Env = append(w.environ(), "AUTHLATCH_LOG=debug")
	cmd.Dir = w.dir
	cmd.Stdin = term.typed
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr

	done, err := attachTerminal(cmd, term.screen)
	if err != nil {
		return result{}, err
	}
	err = cmd.Run()
	done()
	r := result{stdout: stdout.Bytes(), flows: startedFlows(stderr.String())}
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

var startedLine = regexp.MustCompile(`msg="flow started" flow=(\S+) pid=(\d+) path=(\S+)`)

func startedFlows(log string) []flowProcess {
	var flows []flowProcess
	for _, m := range startedLine.FindAllStringSubmatch(log, -1) {
		pid, err := strconv.Atoi(m[2])
		if err == nil {
			flows = append(flows, flowProcess{name: m[1], pid: pid, path: strings.Trim(m[3], `"`)})
		}
	}
	return flows
}

// isOwnBinary reports whether the flow's binary is that file of the installation
// and another than the host's.
func (f flowProcess) isOwnBinary(want, hosts string) bool {
	ran, err := os.Stat(f.path)
	if err != nil || !ran.Mode().IsRegular() {
		return false
	}
	installed, err := os.Stat(want)
	if err != nil || !os.SameFile(ran, installed) {
		return false
	}
	host, err := os.Stat(hosts)
	return err == nil && !os.SameFile(ran, host)
}
