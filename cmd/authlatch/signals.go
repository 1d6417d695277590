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
// helper that has got the terminal's Ctrl-C too sends a SIGTERM after it. That may
// come at any time, so signals are watched to the very end of the process: what has
// been told with an exit code must not become a death by a signal.
func untilSignal(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancelCause(ctx)
	// One channel, which keeps the order in which they come.
	came := make(chan os.Signal, 8)
	signal.Notify(came, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		first := <-came
		if first == os.Interrupt {
			cancel(host.ErrCancelled)
		} else {
			cancel(context.Canceled)
		}
		for again := range came {
			if again == first {
				os.Exit(int(host.ExitDeclined))
			}
		}
	}()
	return ctx
}
