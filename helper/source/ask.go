package source

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/authlatch/authlatch/helper/exchange"
	"github.com/authlatch/authlatch/helper/report"
	"github.com/authlatch/authlatch/host/store"
)

// stopTime is how long authlatch may take to stop its flow and clean up after a
// signal: the design's three seconds for a flow, and one more.
const stopTime = 4 * time.Second

// ask runs the authlatch beside this program.
func (s *Source) ask(ctx context.Context, q exchange.Request) (store.Token, error) {
	path, err := s.beside()
	if err != nil {
		return store.Token{}, failed("authlatch is not beside this program, which cannot sign in by itself",
			"install it into the same directory", err)
	}
	var request bytes.Buffer
	if err := exchange.WriteRequest(&request, q); err != nil {
		return store.Token{}, failed("the request cannot be sent", "", err)
	}
	answer := &bounded{}
	cmd := exec.CommandContext(ctx, path, exchange.Command)
	cmd.Env = s.Environ
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &request, answer, s.Stderr
	cmd.Cancel = func() error { return stop(cmd.Process) }
	cmd.WaitDelay = stopTime
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case answer.full:
		return store.Token{}, failed("authlatch answered too much", "", exchange.ErrVersion)
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		return store.Token{}, &report.Exited{Code: exit.ExitCode()}
	case err != nil && ctx.Err() != nil: // it has died of our signal before it could say anything
		return store.Token{}, &report.Error{Code: report.Cancelled, What: "the sign-in was cancelled", Err: ctx.Err()}
	case err != nil:
		return store.Token{}, failed("authlatch was stopped", "", err)
	}
	t, err := exchange.ReadAnswer(&answer.b)
	if err != nil {
		return store.Token{}, failed("authlatch's answer cannot be read", "", err)
	}
	return t, nil
}

// beside finds authlatch in the directory of the helper's own binary, links
// resolved: never in PATH, where anybody's could be first.
func (s *Source) beside() (string, error) {
	self, err := s.Executable()
	if err == nil {
		self, err = filepath.EvalSymlinks(self)
	}
	if err != nil {
		return "", err
	}
	name := "authlatch"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	path := filepath.Join(filepath.Dir(self), name)
	if info, err := os.Stat(path); err != nil {
		return "", err
	} else if !info.Mode().IsRegular() {
		return "", &os.PathError{Op: "run", Path: path, Err: errors.New("not a regular file")}
	}
	return path, nil
}

// bounded holds an answer, and fails when it becomes too large for one: then
// authlatch gets a broken pipe.
type bounded struct {
	b    bytes.Buffer
	full bool
}

func (w *bounded) Write(p []byte) (int, error) {
	if w.b.Len()+len(p) > exchange.MaxSize {
		w.full = true
		return 0, errors.New("too much")
	}
	return w.b.Write(p)
}
