package host_test

import (
	"context"
	"encoding/json"
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
	"github.com/authlatch/authlatch/host/prompt"
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

// What is told in the pause, as a person and as a program reads it.
func TestThePauseIsTold(t *testing.T) {
	w := newWorld(t)
	w.Prompter = aPerson()
	denied := reason(flowv1.ReasonAccessDenied)
	denied.AADSTS, denied.CorrelationID = 65004, "c1"
	w.flows["browser"] = refuses(denied)
	next := w.processes()
	for _, c := range []struct{ what, pause string }{
		{"a sign-in has failed", "15s"},
		{"2 sign-ins in a row have failed", "30s"},
		{"3 sign-ins in a row have failed", "1m"},
	} {
		_, _ = next().GetToken(t.Context(), scope(0))
		_, err := next().GetToken(t.Context(), scope(1))
		e := problem(t, err)
		if e.Lines()[0] != c.what+", and nobody is asked again for "+c.pause {
			t.Errorf("got %q", e.Lines()[0])
		}
		if why := e.Lines()[1]; !strings.HasPrefix(why, "flow browser: authlatch token, pid ") || !strings.HasSuffix(why, ": the sign-in was declined, ACCESS_DENIED (AADSTS65004, correlation id c1)") {
			t.Errorf("got %q", why)
		}
		want(t, "next", e.Lines()[2], "run: authlatch login -p work --scope https://r1/.default")
		w.pass(e.RetryAfter)
	}
	_, err := next().GetToken(t.Context(), scope(0))
	want(t, "after the pause somebody is asked", code(err), host.ExitDeclined)
	_, err = next().GetToken(t.Context(), scope(0))
	b, _ := json.Marshal(problem(t, err))
	var told struct {
		ExitCode   int `json:"exit_code"`
		Reason     string
		AADSTS     int
		RetryAfter int `json:"retry_after"`
	}
	_ = json.Unmarshal(b, &told)
	want(t, "JSON", fmt.Sprint(told), "{3 ACCESS_DENIED 65004 120}")

	// Who insists begins anew, also by failing once more.
	_, err = next().SignIn(t.Context(), host.TokenRequest{})
	want(t, "exit code of who insists", code(err), host.ExitDeclined)
	_, err = next().GetToken(t.Context(), scope(0))
	want(t, "the pause after that", problem(t, err).RetryAfter, 15*time.Second)
	if err := next().SignOut(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	_, err = next().GetToken(t.Context(), scope(0))
	want(t, "exit code after signing out", code(err), host.ExitDeclined)
}

// Only a failed prompt makes the next one wait, and a password that was refused.
func TestWhatCountsAsAFailedPrompt(t *testing.T) {
	down, badGrant := reason(flowv1.ReasonTemporarilyUnavailable), reason(flowv1.ReasonInvalidGrant)
	nobody := prompt.NewScripted
	given := func(then error) behaviour {
		return func(ctx context.Context, _ *flowv1.Start, in launch.Interactor) (*flowv1.Token, error) {
			_, _, _ = in.Interact(ctx, password())
			return nil, then
		}
	}
	cases := []struct {
		name     string
		flow     behaviour
		prompter host.Prompter
		password bool
		counts   bool
		recorded bool
	}{
		{"the person was asked, and the provider refused", refuses(badGrant), aPerson(), false, true, true},
		{"the person was asked, and the provider was down", refuses(down), aPerson(), false, true, true},
		{"the person was asked, and the flow died", refuses(&launch.PluginError{Flow: "browser", What: "died"}), aPerson(), false, true, true},
		{"the person cancelled", asks(openURL()), cancels{}, false, true, true},
		{"the person declined", asks(openURL()), answers{host.Answer{Outcome: host.Declined}}, false, true, true},
		{"the flow asked in its own way, and heard no", fails(reason(flowv1.ReasonAccessDenied)), nobody(), false, true, true},
		{"a given password was refused", given(badGrant), nobody(), true, true, true},
		{"with a given password, only the request was refused", given(reason(flowv1.ReasonInvalidScope)), nobody(), true, false, false},
		{"a given password did not get there", given(down), nobody(), true, false, true},
		{"the provider was down before anybody was asked", fails(down), nobody(), false, false, true},
		{"a notice is no question", func(ctx context.Context, _ *flowv1.Start, in launch.Interactor) (*flowv1.Token, error) {
			_, _, _ = in.Interact(ctx, &flowv1.Interaction{Kind: &flowv1.Interaction_Notice{Notice: &flowv1.Notice{Message: "x"}}})
			return nil, badGrant
		}, aPerson(), false, false, false},
		{"nobody could be reached", asks(openURL()), answers{host.Answer{Outcome: host.Unavailable}}, false, false, false},
		{"the client was refused before anybody was asked", fails(reason(flowv1.ReasonInvalidClient)), nobody(), false, false, false},
		{"a flow that died before", fails(&launch.PluginError{Flow: "browser", What: "died"}), nobody(), false, false, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.Prompter = c.prompter
			if c.password {
				w.Settings = settings(t, `flows = ["password"]`)
				w.AnswerInput = func(string, string) (host.Secret, bool) { return host.NewSecret("x"), true }
			}
			for name := range w.flows {
				w.flows[name] = c.flow
			}
			h := w.host()
			_, first := h.GetToken(t.Context(), host.TokenRequest{})
			want(t, "it fails", first != nil, true)
			a := w.Store.Attempts(w.Settings.Identity())
			want(t, "recorded", a.Number, map[bool]int{true: 1}[c.recorded])
			want(t, "prompts", a.Prompts, map[bool]int{true: 1}[c.counts])
			w.launches()
			_, second := h.GetToken(t.Context(), host.TokenRequest{})
			want(t, "the next is not tried", len(w.launches()) == 0, c.counts)
			if !c.counts {
				want(t, "exit code of the next", code(second), code(first))
			}
		})
	}
}

// The provider refuses one caller's scope, after the person has signed in: that
// one is not asked again, and the others are.
func TestOneRequestsRefusalIsNobodyElses(t *testing.T) {
	w := newWorld(t)
	w.Prompter = aPerson()
	w.flows["browser"] = refuses(reason(flowv1.ReasonConsentRequired))
	next := w.host // as another process
	_, err := next().GetToken(t.Context(), scope(0))
	want(t, "exit code", code(err), host.ExitRefused)
	_, err = next().GetToken(t.Context(), scope(0))
	want(t, "exit code of the same again", code(err), host.ExitInteraction)
	wantLaunches(t, w, "browser IF_NEEDED")
	w.flows["browser"] = signsIn("alice")
	if _, err := next().GetToken(t.Context(), scope(1)); err != nil {
		t.Errorf("another request: %v", err)
	}
	wantLaunches(t, w, "browser IF_NEEDED")
}

// A sign-in that succeeds, whoever has asked for it, ends the count.
func TestASuccessIsTheEndOfIt(t *testing.T) {
	w := newWorld(t)
	w.Prompter = aPerson()
	w.flows["browser"] = refuses(reason(flowv1.ReasonAccessDenied))
	h := w.host()
	_, err := h.GetToken(t.Context(), scope(0))
	want(t, "exit code", code(err), host.ExitDeclined)
	w.pass(15 * time.Second)
	w.flows["browser"] = signsIn("alice")
	_, err = h.GetToken(t.Context(), scope(0))
	want(t, "exit code after the pause", code(err), 0)
	want(t, "failures on record", w.Store.Attempts(w.Settings.Identity()).Number, 0)
}
