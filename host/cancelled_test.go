package host_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/launch"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// The person's Ctrl-C is everybody's answer as soon as it comes, and not only when
// the flow has cleaned up: the process may be killed before that.
func TestACancelCountsAtOnce(t *testing.T) {
	for name, token := range map[string]bool{"the flow ends": false, "the flow was faster": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.Prompter = aPerson()
				release := make(chan struct{})
				w.flows["browser"] = func(ctx context.Context, start *flowv1.Start, in launch.Interactor) (*flowv1.Token, error) {
					_, _, _ = in.Interact(ctx, openURL())
					<-ctx.Done()
					<-release // it cleans up
					if token {
						return signsIn("alice")(context.WithoutCancel(ctx), start, in)
					}
					return nil, ctx.Err()
				}
				h := w.host()
				ctx, cancel := context.WithCancelCause(t.Context())
				done := make(chan error)
				go func() {
					_, err := h.GetToken(ctx, host.TokenRequest{})
					done <- err
				}()
				synctest.Wait()
				cancel(host.ErrCancelled)
				synctest.Wait()
				a := w.Store.Attempts(w.Settings.Identity())
				want(t, "recorded while the flow cleans up", a.Number, 1)
				want(t, "as the person's", a.Last.Cancelled, true)
				close(release)
				want(t, "a token", <-done == nil, token)
				want(t, "recorded afterwards", w.Store.Attempts(w.Settings.Identity()).Number, map[bool]int{false: 1}[token])
			})
		})
	}
}

// lateCause is a caller's leaving that turns out to be the person's cancel.
type lateCause struct{ cancelled atomic.Bool }

func (*lateCause) Error() string { return "the caller has left" }

func (l *lateCause) Is(target error) bool {
	if l.cancelled.Load() {
		return target == host.ErrCancelled
	}
	return target == context.Canceled
}

// A helper's SIGTERM may be heard of before the Ctrl-C that it was sent for. If that
// comes while the flow cleans up, it is everybody's answer all the same.
func TestACancelThatIsKnownLate(t *testing.T) {
	for name, cancelled := range map[string]bool{"the person's": true, "the caller has left": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.Prompter = aPerson()
				release := make(chan struct{})
				w.flows["browser"] = func(ctx context.Context, _ *flowv1.Start, in launch.Interactor) (*flowv1.Token, error) {
					_, _, _ = in.Interact(ctx, openURL())
					<-ctx.Done()
					<-release // it cleans up
					return nil, ctx.Err()
				}
				h := w.host()
				ctx, cancel := context.WithCancelCause(t.Context())
				done := make(chan error)
				go func() {
					_, err := h.GetToken(ctx, host.TokenRequest{})
					done <- err
				}()
				synctest.Wait()
				cause := &lateCause{}
				cancel(cause)
				synctest.Wait()
				want(t, "recorded before it is known", w.Store.Attempts(w.Settings.Identity()).Number, 0)
				cause.cancelled.Store(cancelled)
				close(release)
				want(t, "a token", <-done == nil, false)
				a := w.Store.Attempts(w.Settings.Identity())
				want(t, "recorded", a.Number, map[bool]int{true: 1}[cancelled])
				want(t, "as the person's", a.Last.Cancelled, cancelled)
			})
		})
	}
}
