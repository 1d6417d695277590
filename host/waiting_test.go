package host_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/launch"
	"github.com/authlatch/authlatch/host/store"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// A caller who leaves while the person is asked has no answer for those who wait:
// the next one asks. One whose Ctrl-C it was has.
func TestACallerWhoLeavesWhileOthersWait(t *testing.T) {
	for name, cancelled := range map[string]bool{"left": false, "cancelled": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.Prompter = aPerson()
				w.flows["browser"] = func(ctx context.Context, start *flowv1.Start, in launch.Interactor) (*flowv1.Token, error) {
					_, _, _ = in.Interact(ctx, openURL())
					return waits(ctx, start, in)
				}
				next := w.processes()
				ctx, leave := context.WithCancelCause(t.Context())
				first, second := next(), next()
				var all sync.WaitGroup
				all.Go(func() {
					_, err := first.GetToken(ctx, scope(0))
					want(t, "exit code of the first", code(err), host.ExitDeclined)
				})
				synctest.Wait() // it asks
				all.Go(func() {
					_, err := second.GetToken(t.Context(), scope(1))
					want(t, "exit code of who waited", code(err) != 0, cancelled)
				})
				synctest.Wait() // it waits
				w.mu.Lock()
				w.flows["browser"] = signsIn("alice")
				w.mu.Unlock()
				cause := error(nil)
				if cancelled {
					cause = host.ErrCancelled
				}
				leave(cause)
				all.Wait()
			})
		})
	}
}

// Who waits in vain hears who had the lock.
func TestWaitingInVain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.Prompter = aPerson()
		gated, open := gate(signsIn("alice"))
		w.flows["browser"] = gated
		next := w.processes()
		first, second := next(), next()
		var all sync.WaitGroup
		all.Go(func() { _, _ = first.GetToken(t.Context(), scope(0)) })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := second.GetToken(ctx, scope(1))
		e := problem(t, err)
		want(t, "exit code", e.Code, host.ExitDeclined)
		if !strings.HasPrefix(e.Why, "it waited for another process that signs in (authlatch token, pid ") || !strings.HasPrefix(e.Next, "end what that process does") {
			t.Errorf("got %q", e.Lines())
		}
		want(t, "wraps", errors.Is(err, context.DeadlineExceeded), true)
		var locked *store.LockedError
		want(t, "wraps who has it", errors.As(err, &locked), true)
		open()
		all.Wait()
	})
}
