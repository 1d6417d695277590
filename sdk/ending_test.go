package sdk_test

import (
	"context"
	"errors"
	"testing"

	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
	"github.com/authlatch/authlatch/sdk"
)

// A call that was given up leaves its question open: the next one waits until
// the host has answered it.
func TestGivenUpQuestion(t *testing.T) {
	asked := make(chan struct{})
	h := begin(t, func(ctx context.Context, _ *sdk.Request, p sdk.Prompter) (*sdk.Token, error) {
		impatient, cancel := context.WithCancel(ctx)
		go func() { <-asked; cancel() }()
		if err := p.Confirm(impatient, "sure?"); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
		asked <- struct{}{}
		return goodToken(), p.Notice(ctx, "never mind")
	})
	first := h.interaction()
	asked <- struct{}{} // the flow gives up
	<-asked             // and has
	h.result(first.GetId(), flowv1.Outcome_OUTCOME_DECLINED, "")
	second := h.interaction()
	if second.GetNotice().GetMessage() != "never mind" {
		t.Errorf("got %v", second)
	}
	h.done(second.GetId())
	h.token()
}

// A host that closes its half says that it will answer nothing.
func TestHostClosesItsHalf(t *testing.T) {
	h := begin(t, func(ctx context.Context, _ *sdk.Request, p sdk.Prompter) (*sdk.Token, error) {
		if err := p.Confirm(ctx, "sure?"); !errors.Is(err, sdk.ErrUnavailable) {
			t.Errorf("got %v, want ErrUnavailable", err)
		}
		return goodToken(), nil
	})
	h.interaction()
	_ = h.CloseSend()
	h.token()
}

func TestCancel(t *testing.T) {
	ended := make(chan error, 1)
	h := begin(t, func(ctx context.Context, _ *sdk.Request, p sdk.Prompter) (*sdk.Token, error) {
		_, err := p.Secret(ctx, "otp", "code")
		ended <- err
		return nil, err
	})
	h.interaction()
	h.cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the flow got %v, want context.Canceled", err)
	}
}
