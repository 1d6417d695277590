package prompt

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/internal/sanitize"
)

// ErrNobody says that no line can be read: there is no terminal, or another
// program has it.
var ErrNobody = errors.New("nobody can type here")

// endings are the signals that would end the process, by default with the
// terminal's echo off.
var endings = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT}

// read shows a label and reads one line. Ctrl-C and its like end it at once,
// also where nobody else handles them, and with the terminal as it was.
func (t *Terminal) read(ctx context.Context, i host.Interaction, label string, secret bool) (string, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	interrupts, stop := t.interrupts(endings...)
	defer stop()
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-interrupts:
			cancel(host.ErrCancelled)
		case <-ctx.Done():
		}
	}()
	defer func() { cancel(nil); <-watched }()
	ask := func() { t.print(t.name(i), " ", sanitize.Line(label, maxText), " ") }
	line, err := t.Device.ReadLine(ctx, secret, ask)
	if secret || err != nil {
		t.print("\n") // the person's own line end was not shown
	}
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	return line, err
}

// noLine is the answer if there is no line.
func noLine(err error) (host.Answer, error) {
	switch {
	case errors.Is(err, ErrNobody):
		return unavailable, nil
	case errors.Is(err, io.EOF): // Ctrl-D
		return declined, nil
	}
	return host.Answer{}, err
}
