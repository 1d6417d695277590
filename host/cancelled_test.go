package host_test

import (
	"context"
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
