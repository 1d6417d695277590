package main

import (
	"context"
	"os"
	"os/signal"
	"sync/atomic"
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
	came := make(chan os.Signal, 8)
	signal.Notify(came, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go heed(came, cancel, func() { os.Exit(int(host.ExitDeclined)) })
	return ctx
}

// heed cancels with the first signal that comes, and calls exit when that, or
// a Ctrl-C, comes again. The order in which two came is not certain: two threads may take them from
// the kernel, and the helper's SIGTERM overtake the Ctrl-C that it was sent for. So
// a Ctrl-C makes it the person's cancel afterwards too.
func heed(came <-chan os.Signal, cancel context.CancelCauseFunc, exit func()) {
	first := <-came
	cause := &signalled{}
	cause.interrupted.Store(first == os.Interrupt)
	cancel(cause)
	for again := range came {
		if again == first || again == os.Interrupt && cause.interrupted.Swap(true) {
			exit()
		}
	}
}

// signalled is why the context of a process that got a signal has ended: it is
// host.ErrCancelled once there was a Ctrl-C, and a caller who leaves until then.
type signalled struct{ interrupted atomic.Bool }

func (s *signalled) Error() string { return s.is().Error() }

func (s *signalled) Is(target error) bool { return target == s.is() }

func (s *signalled) is() error {
	if s.interrupted.Load() {
		return host.ErrCancelled
	}
	return context.Canceled
}
