package docker

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os/exec"
	"strings"
)

// errTooMuch is of a helper that does not end.
var errTooMuch = errors.New("it wrote more than 1 MiB")

// Runner runs other helpers from PATH, as docker does, with the whole environment
// and stderr passed through.
func Runner(environ []string, stderr io.Writer) func(ctx context.Context, name, operation, stdin string) (string, int, error) {
	return func(ctx context.Context, name, operation, stdin string) (string, int, error) {
		// LookPath takes none from the working directory.
		path, err := exec.LookPath("docker-credential-" + name)
		if err != nil {
			return "", 0, err
		}
		out := &bounded{}
		cmd := exec.CommandContext(ctx, path, operation)
		cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = environ, strings.NewReader(stdin), out, stderr
		err = cmd.Run()
		var exit *exec.ExitError
		switch {
		case out.full:
			return "", 0, errTooMuch
		case errors.As(err, &exit) && exit.ExitCode() > 0:
			return out.b.String(), exit.ExitCode(), nil
		}
		return out.b.String(), 0, err
	}
}

type bounded struct {
	b    bytes.Buffer
	full bool
}

func (w *bounded) Write(p []byte) (int, error) {
	if w.b.Len()+len(p) > maxInput {
		w.full = true
		return 0, errTooMuch
	}
	return w.b.Write(p)
}
