// Package cli is the command line of authlatch: one file a command, each with
// its options and its constructor.
//
// A command writes its one document into memory, and Run hands it to stdout only
// when everything has succeeded; so stdout carries one document or nothing.
// Errors are told once, here, on stderr. Nothing else touches the process:
// streams, arguments, environment and clock come from cmd/authlatch or a test.
package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// Process is what a command may use of the process that it runs in.
type Process struct {
	// Args without the program's name.
	Args []string
	// Environ is the whole environment, as os.Environ gives it.
	Environ []string
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer
	// Executable is os.Executable: the flows are beside it.
	Executable func() (string, error)
	// OpenFD opens an inherited file descriptor; nil if there is none of it.
	OpenFD func(fd uintptr) *os.File
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Run does what the arguments say and returns the exit code. When ctx ends, the
// command is cancelled, cleans up and returns.
func Run(ctx context.Context, p Process) int {
	if p.Now == nil {
		p.Now = time.Now
	}
	a := &app{Process: p}
	root := newRootCmd(a)
	if len(p.Args) > 0 && strings.HasPrefix(p.Args[0], cobra.ShellCompRequestCmd) {
		unquoteUsage(root)
	}
	a.global.errorFormat = errorFormat(p.Args) // for flags that cannot be parsed
	root.SetArgs(p.Args)
	root.SetIn(p.Stdin)
	root.SetErr(p.Stderr)
	err := root.ExecuteContext(ctx)
	if err != nil && ctx.Err() != nil && !isProblem(err) {
		err = errCancelled
	}
	if err == nil {
		err = a.flush()
	}
	return report(p.Stderr, a.global.errorFormat, err)
}

// app is one call of authlatch.
type app struct {
	Process
	global globalFlags
	// command is what this process calls itself to those who wait for it.
	command string
	// out is what goes to stdout if all goes well.
	out bytes.Buffer
}

// env looks up a variable, as config.Env wants it; the last of a name counts.
func (a *app) env(name string) string {
	for i := len(a.Environ) - 1; i >= 0; i-- {
		if n, v, ok := strings.Cut(a.Environ[i], "="); ok && n == name {
			return v
		}
	}
	return ""
}

// flush writes the document in one piece.
func (a *app) flush() error {
	if a.out.Len() == 0 {
		return nil
	}
	_, err := a.Stdout.Write(a.out.Bytes())
	switch {
	case errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe):
		return errSilent // the reader has gone and knows
	case err != nil:
		return &problem{Code: 1, What: "the answer cannot be written to stdout", Why: err.Error()}
	}
	return nil
}
