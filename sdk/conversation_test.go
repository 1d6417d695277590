package sdk_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
	"github.com/authlatch/authlatch/sdk"
)

func TestInteractions(t *testing.T) {
	h := begin(t, func(ctx context.Context, _ *sdk.Request, p sdk.Prompter) (*sdk.Token, error) {
		if err := p.Notice(ctx, "hello"); err != nil {
			return nil, err
		}
		if err := p.OpenURL(ctx, "https://login.example/a?b=c", "sign in"); err != nil {
			return nil, err
		}
		if err := p.ShowDeviceAuthorization(ctx, sdk.DeviceAuthorization{UserCode: "ABC", VerificationURI: "https://a.example/",
			VerificationURIComplete: "https://a.example/?c=ABC", ExpiresIn: 15 * time.Minute, Interval: 1500 * time.Millisecond, Message: "m"}); err != nil {
			return nil, err
		}
		name, err := p.Input(ctx, "user", "user name")
		if err != nil {
			return nil, err
		}
		password, err := p.Secret(ctx, "password", "password")
		if err != nil {
			return nil, err
		}
		if err := p.Confirm(ctx, "sure?"); err != nil {
			return nil, err
		}
		token := goodToken()
		token.Secret = sdk.NewSecret(name + ":" + password.Reveal())
		return token, nil
	})
	for i, want := range []*flowv1.Interaction{
		{Kind: &flowv1.Interaction_Notice{Notice: &flowv1.Notice{Message: "hello"}}},
		{Kind: &flowv1.Interaction_OpenUrl{OpenUrl: &flowv1.OpenURL{Url: "https://login.example/a?b=c", Message: "sign in"}}},
		{Kind: &flowv1.Interaction_DeviceAuthorization{DeviceAuthorization: &flowv1.DeviceAuthorization{UserCode: "ABC",
			VerificationUri: "https://a.example/", VerificationUriComplete: "https://a.example/?c=ABC", ExpiresIn: 900, Interval: 2, Message: "m"}}},
		{Kind: &flowv1.Interaction_Input{Input: &flowv1.Input{Name: "user", Label: "user name"}}},
		{Kind: &flowv1.Interaction_Input{Input: &flowv1.Input{Name: "password", Label: "password", Secret: true}}},
		{Kind: &flowv1.Interaction_Confirm{Confirm: &flowv1.Confirm{Message: "sure?"}}},
	} {
		got := h.interaction()
		want.Id = got.GetId()
		if got.GetId() == 0 || !proto.Equal(got, want) {
			t.Errorf("interaction %d: got %v, want %v", i, got, want)
		}
		value := ""
		if got.GetInput() != nil {
			value = "the-" + got.GetInput().GetName()
		}
		h.result(got.GetId(), flowv1.Outcome_OUTCOME_DONE, value)
	}
	if got := h.token().GetSecret(); got != "the-user:the-password" {
		t.Errorf("token %q", got)
	}
	if _, err := h.Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("after the token came %v", err)
	}
}

func TestOutcomes(t *testing.T) {
	for outcome, want := range map[flowv1.Outcome]error{
		flowv1.Outcome_OUTCOME_DONE:        nil,
		flowv1.Outcome_OUTCOME_DECLINED:    sdk.ErrDeclined,
		flowv1.Outcome_OUTCOME_UNAVAILABLE: sdk.ErrUnavailable,
		flowv1.Outcome_OUTCOME_UNSUPPORTED: sdk.ErrUnsupported,
		flowv1.Outcome_OUTCOME_UNSPECIFIED: sdk.ErrUnavailable,
		flowv1.Outcome(99):                 sdk.ErrUnavailable,
	} {
		t.Run(outcome.String(), func(t *testing.T) {
			h := begin(t, func(ctx context.Context, _ *sdk.Request, p sdk.Prompter) (*sdk.Token, error) {
				if err := p.Confirm(ctx, "sure?"); !errors.Is(err, want) {
					t.Errorf("got %v, want %v", err, want)
				}
				return goodToken(), nil
			})
			h.result(h.interaction().GetId(), outcome, "")
			h.token()
		})
	}
}

func TestUnknownThingsAreTolerated(t *testing.T) {
	unknown := protowire.AppendTag(nil, 9999, protowire.VarintType)
	unknown = protowire.AppendVarint(unknown, 1)
	nothing := &flowv1.GetTokenRequest{}
	nothing.ProtoReflect().SetUnknown(unknown)
	start := &flowv1.Start{InteractionMode: 99}
	start.ProtoReflect().SetUnknown(unknown)

	h := converse(t, func(ctx context.Context, r *sdk.Request, p sdk.Prompter) (*sdk.Token, error) {
		if r.Mode != sdk.Never {
			t.Errorf("an unknown mode is %v, want Never", r.Mode)
		}
		return goodToken(), p.Notice(ctx, "hello")
	})
	h.send(nothing)
	h.start(start)
	h.send(nothing)
	h.done(h.interaction().GetId())
	h.token()
}

func TestHostViolations(t *testing.T) {
	asks := func(ctx context.Context, _ *sdk.Request, p sdk.Prompter) (*sdk.Token, error) {
		if err := p.Confirm(ctx, "sure?"); err != nil {
			return nil, err
		}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	const notOutstanding = "a result for an interaction that is not outstanding"
	t.Run("no start", func(t *testing.T) {
		h := converse(t, asks)
		_ = h.CloseSend()
		h.wantViolation("the stream ended before start")
	})
	t.Run("result first", func(t *testing.T) {
		h := converse(t, asks)
		h.done(1)
		h.wantViolation("a result came before start")
	})
	t.Run("second start", func(t *testing.T) {
		h := begin(t, asks)
		h.start(&flowv1.Start{})
		h.interaction()
		h.wantViolation("a second start")
	})
	t.Run("another id", func(t *testing.T) {
		h := begin(t, asks)
		h.done(h.interaction().GetId() + 1)
		h.wantViolation(notOutstanding)
	})
	t.Run("second result", func(t *testing.T) {
		h := begin(t, asks)
		id := h.interaction().GetId()
		h.done(id)
		h.done(id)
		h.wantViolation(notOutstanding)
	})
	t.Run("state too large", func(t *testing.T) {
		h := converse(t, asks)
		h.start(&flowv1.Start{State: make([]byte, flowv1.MaxStateSize+1)})
		h.wantViolation("a state of 1048577 bytes, more than 1048576")
	})
}

func TestNever(t *testing.T) {
	h := converse(t, func(ctx context.Context, _ *sdk.Request, p sdk.Prompter) (*sdk.Token, error) {
		_, err := p.Secret(ctx, "otp", "code")
		if !errors.Is(err, sdk.ErrUnavailable) {
			t.Errorf("got %v, want ErrUnavailable", err)
		}
		return nil, err
	})
	h.start(&flowv1.Start{InteractionMode: flowv1.InteractionMode_INTERACTION_MODE_NEVER})
	if st, info := h.failure(); info.GetReason() != flowv1.ReasonInteractionRequired || st.Code() != codes.Unauthenticated {
		t.Errorf("got %v, want INTERACTION_REQUIRED", st)
	}
}

func TestOpenURLTakesHTTPSOnly(t *testing.T) {
	h := begin(t, func(ctx context.Context, _ *sdk.Request, p sdk.Prompter) (*sdk.Token, error) {
		for _, address := range []string{"http://a.example/", "file:///etc/passwd", "javascript:alert(1)", "", "https:"} {
			if p.OpenURL(ctx, address, "") == nil {
				t.Errorf("%q was sent", address)
			}
		}
		return goodToken(), nil
	})
	h.token()
}

func TestOneRequestAtATime(t *testing.T) {
	client := connect(t, testFlow{func(ctx context.Context, _ *sdk.Request, p sdk.Prompter) (*sdk.Token, error) {
		return goodToken(), p.Notice(ctx, "hello")
	}})
	open := func() *host {
		stream, err := client.GetToken(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		h := &host{t: t, BidiStreamingClient: stream}
		return h
	}
	first := open()
	first.start(&flowv1.Start{})
	id := first.interaction().GetId()
	if st, _ := open().failure(); st.Code() != codes.FailedPrecondition {
		t.Errorf("a second request at once got %v", st)
	}
	first.done(id)
	first.token()
	if _, err := first.Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("after the token came %v", err)
	}
	next := open()
	next.start(&flowv1.Start{})
	next.done(next.interaction().GetId())
	next.token()
}
