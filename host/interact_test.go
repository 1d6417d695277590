package host_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/launch"
	"github.com/authlatch/authlatch/host/prompt"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// dirty is text with what must not reach a person.
const dirty = "\x1b[2Jsay\u202e \x00friend"

// Every kind as the Prompter gets it: as data, clean.
func TestInteractions(t *testing.T) {
	cases := []struct {
		name string
		in   *flowv1.Interaction
		out  host.Kind
	}{
		{"notice", &flowv1.Interaction{Kind: &flowv1.Interaction_Notice{Notice: &flowv1.Notice{Message: dirty}}}, host.Notice{Message: "say friend"}},
		{"open_url", &flowv1.Interaction{Kind: &flowv1.Interaction_OpenUrl{OpenUrl: &flowv1.OpenURL{Url: "https://idp.example/a?b=c", Message: dirty}}},
			host.OpenURL{URL: "https://idp.example/a?b=c", Message: "say friend"}},
		{"device_authorization", &flowv1.Interaction{Kind: &flowv1.Interaction_DeviceAuthorization{DeviceAuthorization: &flowv1.DeviceAuthorization{
			UserCode: "ABCD\x1b[1m-EFGH", VerificationUri: "https://idp.example/device", VerificationUriComplete: "https://idp.example/device?c=1",
			ExpiresIn: 900, Interval: 5, Message: dirty,
		}}}, host.DeviceAuthorization{
			UserCode: "ABCD-EFGH", VerificationURI: "https://idp.example/device", VerificationURIComplete: "https://idp.example/device?c=1",
			ExpiresOn: time.Unix(1_800_000_900, 0), Message: "say friend",
		}},
		{"a code without a known end", &flowv1.Interaction{Kind: &flowv1.Interaction_DeviceAuthorization{DeviceAuthorization: &flowv1.DeviceAuthorization{UserCode: "A"}}},
			host.DeviceAuthorization{UserCode: "A"}},
		{"input", &flowv1.Interaction{Kind: &flowv1.Interaction_Input{Input: &flowv1.Input{Name: "otp", Label: dirty, Secret: true}}},
			host.Input{Name: "otp", Label: "say friend", Secret: true}},
		{"confirm", &flowv1.Interaction{Kind: &flowv1.Interaction_Confirm{Confirm: &flowv1.Confirm{Message: dirty}}}, host.Confirm{Message: "say friend"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			script := prompt.NewScripted(prompt.Step{Kind: c.out, Answer: host.Answer{Outcome: host.Done}})
			w.Prompter = script
			w.flows["browser"] = asks(c.in)
			if _, err := w.host().GetToken(t.Context(), host.TokenRequest{Tenant: "contoso.example"}); err != nil {
				t.Fatal(err)
			}
			got := script.Seen()[0]
			if !reflect.DeepEqual(got.Kind, c.out) {
				t.Errorf("got %#v, want %#v", got.Kind, c.out)
			}
			want(t, "where", got.Flow+" "+got.Profile+" "+got.Tenant, "browser work contoso.example")
		})
	}
}

func TestOutcomes(t *testing.T) {
	answers := map[string]struct {
		answer  host.Answer
		outcome flowv1.Outcome
		value   string
	}{
		"done":        {host.Answer{Outcome: host.Done, Value: host.NewSecret("pw")}, flowv1.Outcome_OUTCOME_DONE, "pw"},
		"declined":    {host.Answer{Outcome: host.Declined, Value: host.NewSecret("pw")}, flowv1.Outcome_OUTCOME_DECLINED, ""},
		"unavailable": {host.Answer{Outcome: host.Unavailable}, flowv1.Outcome_OUTCOME_UNAVAILABLE, ""},
		"unsupported": {host.Answer{Outcome: host.Unsupported}, flowv1.Outcome_OUTCOME_UNSUPPORTED, ""},
		"none":        {host.Answer{}, flowv1.Outcome_OUTCOME_UNAVAILABLE, ""},
	}
	for name, c := range answers {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.Prompter = prompt.NewScripted(prompt.Step{Kind: host.Input{}, Answer: c.answer})
			w.flows["browser"] = func(ctx context.Context, _ *flowv1.Start, in launch.Interactor) (*flowv1.Token, error) {
				outcome, value, err := in.Interact(ctx, password())
				want(t, "error", err, nil)
				want(t, "outcome", outcome, c.outcome)
				want(t, "value", value, c.value)
				return &flowv1.Token{Account: account("alice")}, nil
			}
			if _, err := w.host().GetToken(t.Context(), host.TokenRequest{}); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// Nobody is asked in a NEVER call; a notice goes to the log.
func TestSilentCallAsksNobody(t *testing.T) {
	w := newWorld(t)
	h := w.host()
	if _, err := h.SignIn(t.Context(), host.TokenRequest{}); err != nil {
		t.Fatal(err)
	}
	w.pass(hour)
	w.flows["browser"] = func(ctx context.Context, start *flowv1.Start, in launch.Interactor) (*flowv1.Token, error) {
		notice, _, _ := in.Interact(ctx, &flowv1.Interaction{Id: 1, Kind: &flowv1.Interaction_Notice{Notice: &flowv1.Notice{Message: "x"}}})
		page, _, _ := in.Interact(ctx, openURL())
		want(t, "notice", notice, flowv1.Outcome_OUTCOME_DONE)
		want(t, "page", page, flowv1.Outcome_OUTCOME_UNAVAILABLE)
		return signsIn("alice")(ctx, start, in)
	}
	if _, err := h.GetToken(t.Context(), host.TokenRequest{}); err != nil {
		t.Fatal(err)
	}
	want(t, "prompts", len(w.Prompter.(*prompt.Scripted).Seen()), 0)
}

// A person who cancels after the page was opened ends the call and the flow.
func TestCancelLater(t *testing.T) {
	w := newWorld(t)
	w.Prompter = prompt.NewScripted(prompt.Step{Kind: host.OpenURL{}, Answer: host.Answer{Outcome: host.Done},
		Do: func(_ context.Context, i host.Interaction) { i.Cancel(); i.Cancel() }})
	w.flows["browser"] = func(ctx context.Context, start *flowv1.Start, in launch.Interactor) (*flowv1.Token, error) {
		_, _, _ = in.Interact(ctx, openURL())
		return waits(ctx, start, in)
	}
	_, err := w.host().GetToken(t.Context(), host.TokenRequest{})
	want(t, "exit code", code(err), host.ExitDeclined)
	wantLaunches(t, w, "browser IF_NEEDED")
}

// An unexpected error of a Prompter ends the sign-in and reaches the caller.
func TestPrompterFails(t *testing.T) {
	w := newWorld(t)
	broken := errors.New("the window is gone")
	w.Prompter = prompt.NewScripted(prompt.Step{Kind: host.OpenURL{}, Err: broken})
	w.flows["browser"] = asks(openURL())
	_, err := w.host().GetToken(t.Context(), host.TokenRequest{})
	want(t, "exit code", code(err), host.ExitDeclined)
	want(t, "wraps", errors.Is(err, broken), true)
}

// The password flow is answered from the host's own sources, also where nobody
// may be asked; no other flow is.
func TestAnswerInput(t *testing.T) {
	answer := func(string, string) (host.Secret, bool) { return host.NewSecret("from-env"), true }
	cases := []struct {
		name     string
		profile  string
		prompter host.Prompter
		mode     host.InteractionMode
		token    string
		code     host.ExitCode
	}{
		{"before the person", `flows = ["password"]`, prompt.NewScripted(), host.Auto, "token-from-env", 0},
		{"instead of one", `flows = ["password"]`, nil, host.Auto, "token-from-env", 0},
		{"where nobody may be asked", `flows = ["password"]`, prompt.NewScripted(), host.Never, "token-from-env", 0},
		{"as the only flow that can work", `flows = ["browser", "password"]`, nil, host.Auto, "token-from-env", 0},
		{"not if the profile does not name it", `flows = ["browser"]`, nil, host.Auto, "", host.ExitInteraction},
		{"not another flow", `flows = ["browser"]`, prompt.NewScripted(prompt.Step{Kind: host.Input{}, Answer: host.Answer{Outcome: host.Done, Value: host.NewSecret("typed")}}), host.Auto, "token-typed", 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.Settings, w.Prompter, w.AnswerInput = settings(t, c.profile), c.prompter, answer
			w.flows["browser"], w.flows["password"] = asks(password()), asks(password())
			tok, err := w.host().GetToken(t.Context(), host.TokenRequest{Interaction: c.mode})
			want(t, "exit code", code(err), c.code)
			if err == nil {
				want(t, "token", tok.Secret.Reveal(), c.token)
			}
		})
	}
}

// finisher is a Prompter that shows something until it is told to end.
type finisher struct {
	*prompt.Scripted
	finished int
}

func (f *finisher) Finish() { f.finished++ }

func TestFinish(t *testing.T) {
	w := newWorld(t)
	f := &finisher{Scripted: prompt.NewScripted(prompt.Step{Kind: host.OpenURL{}, Answer: host.Answer{Outcome: host.Done}})}
	w.Prompter = f
	w.flows["browser"] = asks(openURL())
	if _, err := w.host().GetToken(t.Context(), host.TokenRequest{}); err != nil {
		t.Fatal(err)
	}
	want(t, "finished", f.finished, 1)
}
