package prompt

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/internal/sanitize"
)

// ErrNobody says that no line can be read: there is no terminal, or another
// program has it.
var ErrNobody = errors.New("nobody can type here")

// read shows a label and reads one line. Ctrl-C ends it at once, also where
// nobody else handles the signal.
func (t *Terminal) read(ctx context.Context, i host.Interaction, label string, secret bool) (string, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	interrupts, stop := t.interrupts()
	defer stop()
	go func() {
		select {
		case <-interrupts:
			cancel(host.ErrCancelled)
		case <-ctx.Done():
		}
	}()
	fmt.Fprintf(t.Device, "%s %s ", t.name(i), sanitize.Line(label, maxText))
	line, err := t.Device.ReadLine(ctx, secret)
	if secret || err != nil {
		fmt.Fprintln(t.Device) // the person's own line end was not shown
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
