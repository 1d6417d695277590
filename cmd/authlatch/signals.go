package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/authlatch/authlatch/host"
)

// untilSignal returns a context that ends with the first signal. Ctrl-C is the
// person's own cancel; any other means that the caller leaves. The same signal
// once more ends at once what does not end by itself; another does not, because a
// helper that has got the terminal's Ctrl-C too sends a SIGTERM after it.
func untilSignal(ctx context.Context) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	var all []chan os.Signal
	for _, s := range []struct {
		signal os.Signal
		cause  error
	}{
		{os.Interrupt, host.ErrCancelled},
		{syscall.SIGTERM, context.Canceled},
		{syscall.SIGHUP, context.Canceled},
	} {
		came := make(chan os.Signal, 1)
		signal.Notify(came, s.signal)
		all = append(all, came)
		go func() {
			if _, ok := <-came; ok {
				signal.Stop(came)
				cancel(s.cause)
			}
		}()
	}
	return ctx, func() {
		for _, came := range all {
			signal.Stop(came)
			close(came)
		}
		cancel(nil)
	}
}
