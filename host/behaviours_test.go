package host_test

import (
	"context"
	"fmt"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/launch"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// behaviour is what a fake flow does with one request.
type behaviour func(ctx context.Context, start *flowv1.Start, in launch.Interactor) (*flowv1.Token, error)

func account(name string) *flowv1.Account {
	return &flowv1.Account{Id: name + ".home", Username: name + "@contoso.example", Tenant: "home", Environment: "login.microsoftonline.com"}
}

// signsIn gives a token of that account, without a person only if there is a
// state of it.
func signsIn(name string) behaviour {
	return func(_ context.Context, start *flowv1.Start, _ launch.Interactor) (*flowv1.Token, error) {
		if start.GetInteractionMode() == never && len(start.GetState()) == 0 {
			return nil, reason(flowv1.ReasonInteractionRequired)
		}
		return &flowv1.Token{Account: account(name)}, nil
	}
}

// fails fails with err.
func fails(err error) behaviour {
	return func(context.Context, *flowv1.Start, launch.Interactor) (*flowv1.Token, error) { return nil, err }
}

// failsSilently fails with err in a NEVER call and signs alice in otherwise.
func failsSilently(err error) behaviour {
	return func(ctx context.Context, start *flowv1.Start, in launch.Interactor) (*flowv1.Token, error) {
		if start.GetInteractionMode() == never {
			return nil, err
		}
		return signsIn("alice")(ctx, start, in)
	}
}

// asks asks one interaction and signs alice in when it is done.
func asks(i *flowv1.Interaction) behaviour {
	return func(ctx context.Context, start *flowv1.Start, in launch.Interactor) (*flowv1.Token, error) {
		if start.GetInteractionMode() == never {
			return signsIn("alice")(ctx, start, in)
		}
		outcome, value, err := in.Interact(ctx, i)
		switch {
		case err != nil:
			return nil, fmt.Errorf("flow: %w", err)
		case outcome == flowv1.Outcome_OUTCOME_DECLINED:
			return nil, reason(flowv1.ReasonAccessDenied)
		case outcome != flowv1.Outcome_OUTCOME_DONE:
			return nil, reason(flowv1.ReasonFlowUnavailable)
		}
		return &flowv1.Token{Account: account("alice"), Secret: "token-" + value, State: []byte("state-" + value)}, nil
	}
}

func reason(r string) *launch.FlowError {
	return &launch.FlowError{Flow: "fake", Reason: r, Message: "the fake's own words"}
}

func openURL() *flowv1.Interaction {
	return &flowv1.Interaction{Id: 1, Kind: &flowv1.Interaction_OpenUrl{OpenUrl: &flowv1.OpenURL{Url: "https://login.example/authorize"}}}
}

func password() *flowv1.Interaction {
	return &flowv1.Interaction{Id: 1, Kind: &flowv1.Interaction_Input{Input: &flowv1.Input{Name: "password", Label: "Password", Secret: true}}}
}

// aPerson answers every page.
func aPerson() host.Prompter { return answers{host.Answer{Outcome: host.Done}} }

type answers struct{ answer host.Answer }

func (a answers) Prompt(context.Context, host.Interaction) (host.Answer, error) { return a.answer, nil }

func scope(i int) host.TokenRequest {
	return host.TokenRequest{Scopes: []string{fmt.Sprintf("https://r%d/.default", i)}}
}
