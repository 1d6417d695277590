package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// call runs a command without a process, in an empty home.
func call(t *testing.T, stdout io.Writer, environ []string, args ...string) (code int, stderr string) {
	t.Helper()
	dir := t.TempDir()
	var told bytes.Buffer
	code = Run(t.Context(), Process{
		Args: args, Stdin: strings.NewReader(""), Stdout: stdout, Stderr: &told,
		Environ: append([]string{
			"HOME=" + dir, "AUTHLATCH_CONFIG=" + filepath.Join(dir, "config.toml"), "AUTHLATCH_STORE_KEY=memory",
		}, environ...),
		Executable: func() (string, error) { return filepath.Join(dir, "authlatch"), nil },
	})
	return code, told.String()
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

func TestStdout(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		code   int
		stderr string
	}{
		"written":                {nil, 0, ""},
		"a reader that has gone": {&writeError{syscall.EPIPE}, 1, ""},
		"a closed pipe":          {io.ErrClosedPipe, 1, ""},
		"a full disk":            {errors.New("no space left"), 1, "authlatch: the answer cannot be written to stdout\n  no space left\n"},
	} {
		t.Run(name, func(t *testing.T) {
			stdout := io.Writer(&bytes.Buffer{})
			if c.err != nil {
				stdout = failingWriter{c.err}
			}
			if code, stderr := call(t, stdout, nil, "version"); code != c.code || stderr != c.stderr {
				t.Errorf("exit code %d, stderr %q, want %d, %q", code, stderr, c.code, c.stderr)
			}
		})
	}
}

type writeError struct{ err error }

func (e *writeError) Error() string { return "write: " + e.err.Error() }
func (e *writeError) Unwrap() error { return e.err }

func TestNothingOnStdoutAfterAFailure(t *testing.T) {
	var stdout bytes.Buffer
	code, _ := call(t, &stdout, nil, "flow", "describe", "nosuch")
	if code != 6 || stdout.Len() != 0 {
		t.Errorf("exit code %d, stdout %q", code, &stdout)
	}
}

func TestEnvironment(t *testing.T) {
	for name, c := range map[string]struct {
		environ []string
		want    string
	}{
		"the last one counts": {[]string{"AUTHLATCH_PROFILE=a", "AUTHLATCH_PROFILE=b"}, "b"},
		"empty is not set":    {[]string{"AUTHLATCH_PROFILE="}, ""},
		"none":                {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := &app{Process: Process{Environ: c.environ}}
			if got := a.env("AUTHLATCH_PROFILE"); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestCancelled: a command that has nothing of its own to tell says that it was
// cancelled.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stderr bytes.Buffer
	dir := t.TempDir()
	code := Run(ctx, Process{
		Args: []string{"token"}, Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: &stderr,
		Environ:    []string{"HOME=" + dir, "AUTHLATCH_STORE_KEY=memory"},
		Executable: func() (string, error) { return filepath.Join(dir, "authlatch"), nil },
	})
	if code != 4 {
		t.Errorf("exit code %d: %s", code, &stderr)
	}
}
