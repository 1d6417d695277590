package host_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/launch"
	"github.com/authlatch/authlatch/host/store"
	"github.com/authlatch/authlatch/host/store/keys"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// processes makes each further host of w one that shares nothing but a directory
// with the others, as a process would.
func (w *world) processes() func() *host.Host {
	dir := w.t.TempDir()
	return func() *host.Host {
		o := keys.Cheap("file", filepath.Join(dir, "key")).Options(filepath.Join(dir, "store"))
		o.Now, o.Command = w.now, "authlatch token"
		w.Store = store.Open(o)
		return w.host()
	}
}

// sharing is one host for all callers, or one for each.
func (w *world) sharing(together bool) func() *host.Host {
	if !together {
		return w.processes()
	}
	h := w.host()
	return func() *host.Host { return h }
}

// refuses asks the person, and then fails with err.
func refuses(err error) behaviour {
	return func(ctx context.Context, _ *flowv1.Start, in launch.Interactor) (*flowv1.Token, error) {
		if _, _, err := in.Interact(ctx, openURL()); err != nil {
			return nil, fmt.Errorf("flow: %w", err)
		}
		return nil, err
	}
}

// A person's no, or cancel, or a refusal is an answer to all who waited for it,
// whatever their scopes. Who comes later is told to wait, and when; who insists is
// not, and ends the pause for all.
func TestOneNoForAllWhoWait(t *testing.T) {
	denied := reason(flowv1.ReasonAccessDenied)
	refused := reason(flowv1.ReasonInvalidGrant)
	refused.AADSTS, refused.CorrelationID = 50053, "c1"
	for name, c := range map[string]struct {
		no   behaviour
		code host.ExitCode
		text string // of who waited in another process
	}{
		"declined":  {refuses(denied), host.ExitDeclined, "the sign-in was declined"},
		"cancelled": {refuses(fmt.Errorf("flow: %w", host.ErrCancelled)), host.ExitDeclined, "the sign-in was cancelled"},
		"expired":   {refuses(reason(flowv1.ReasonExpiredToken)), host.ExitDeclined, "the sign-in was not finished in time"},
		"refused":   {refuses(refused), host.ExitRefused, "the identity provider refused the credentials"},
		"dead":      {refuses(&launch.PluginError{Flow: "browser", What: "died"}), host.ExitPlugin, "the flow failed"},
	} {
		for _, together := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/together=%t", name, together), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t)
					w.Prompter = aPerson()
					var open func()
					w.flows["browser"], open = gate(c.no)
					next := w.sharing(together)
					var all sync.WaitGroup
					var mu sync.Mutex
					shared := 0
					for i := range 10 {
						h := next()
						all.Go(func() {
							_, err := h.GetToken(t.Context(), scope(i))
							want(t, "exit code", code(err), c.code)
							if strings.Contains(err.Error(), c.text+", in another process (authlatch token, pid ") {
								mu.Lock()
								defer mu.Unlock()
								shared++
								want(t, "aadsts", problem(t, err).AADSTS != 0, name == "refused")
								want(t, "wraps the cancel", errors.Is(err, host.ErrCancelled), name == "cancelled")
								want(t, "there is a next step", problem(t, err).Next != "", true)
							}
						})
					}
					synctest.Wait()
					open()
					all.Wait()
					wantLaunches(t, w, "browser IF_NEEDED")
					want(t, "who is told of another process", shared, map[bool]int{true: 0, false: 9}[together])

					w.pass(14 * time.Second)
					_, err := next().GetToken(t.Context(), scope(0))
					want(t, "exit code in the pause", code(err), host.ExitInteraction)
					want(t, "the pause", problem(t, err).RetryAfter, time.Second)
					wantLaunches(t, w)
					w.flows["browser"] = signsIn("alice")
					_, err = next().SignIn(t.Context(), host.TokenRequest{})
					want(t, "exit code of who insists", code(err), 0)
					_, err = next().GetToken(t.Context(), scope(0))
					want(t, "exit code after that", code(err), 0)
				})
			})
		}
	}
}
