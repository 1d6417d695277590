package main

import (
	"context"
	"errors"
	"os"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/authlatch/authlatch/host"
)

// A Ctrl-C is the person's cancel, in whatever order it and the SIGTERM that a
// helper sends for it are heard of; a SIGTERM or SIGHUP alone is a caller who leaves.
func TestACtrlCIsThePersonsInAnyOrder(t *testing.T) {
	for name, c := range map[string]struct {
		came             []os.Signal
		cancelled, exits bool
	}{
		"Ctrl-C":                       {[]os.Signal{os.Interrupt}, true, false},
		"Ctrl-C, then the helper's":    {[]os.Signal{os.Interrupt, syscall.SIGTERM}, true, false},
		"Ctrl-C overtaken":             {[]os.Signal{syscall.SIGTERM, os.Interrupt}, true, false},
		"Ctrl-C twice":                 {[]os.Signal{os.Interrupt, os.Interrupt}, true, true},
		"Ctrl-C overtaken, then again": {[]os.Signal{syscall.SIGTERM, os.Interrupt, syscall.SIGTERM}, true, true},
		"Ctrl-C overtaken, and twice":  {[]os.Signal{syscall.SIGTERM, os.Interrupt, os.Interrupt}, true, true},
		"SIGTERM":                      {[]os.Signal{syscall.SIGTERM}, false, false},
		"SIGTERM twice":                {[]os.Signal{syscall.SIGTERM, syscall.SIGTERM}, false, true},
		"SIGHUP, then SIGTERM":         {[]os.Signal{syscall.SIGHUP, syscall.SIGTERM}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				came := make(chan os.Signal)
				exits := false
				go heed(came, cancel, func() { exits = true })
				for _, s := range c.came {
					came <- s
				}
				close(came)
				synctest.Wait()
				cause := context.Cause(ctx)
				if got := errors.Is(cause, host.ErrCancelled); got != c.cancelled {
					t.Errorf("the person's cancel: %t, want %t", got, c.cancelled)
				}
				if got := errors.Is(cause, context.Canceled); got == c.cancelled {
					t.Errorf("a caller who leaves: %t, want %t", got, !c.cancelled)
				}
				if exits != c.exits {
					t.Errorf("ends at once: %t, want %t", exits, c.exits)
				}
			})
		})
	}
}
