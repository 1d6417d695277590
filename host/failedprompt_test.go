package host_test

import (
	"context"
	"testing"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/launch"
	"github.com/authlatch/authlatch/host/prompt"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

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
