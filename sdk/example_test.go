package sdk_test

import (
	"context"
	"time"

	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
	"github.com/authlatch/authlatch/sdk"
)

// corp signs people in at a provider that knows one-time codes. It keeps its
// refresh token in State.
type corp struct{}

func (corp) Describe() sdk.Description {
	return sdk.Description{Name: "corp", Version: "1.0.0"}
}

func (corp) GetToken(ctx context.Context, req *sdk.Request, p sdk.Prompter) (*sdk.Token, error) {
	if req.State != nil && req.Mode != sdk.Force {
		if t, err := redeem(ctx, req.State); err == nil {
			return t, nil
		}
	}
	// Where nobody may be asked this fails with INTERACTION_REQUIRED, and the
	// host knows what to do.
	otp, err := p.Secret(ctx, "otp", "one-time code")
	if err != nil {
		return nil, err
	}
	return signIn(ctx, req.Username, otp)
}

func redeem(context.Context, []byte) (*sdk.Token, error) {
	return nil, &sdk.Error{Reason: flowv1.ReasonInvalidGrant, Message: "the refresh token has expired"}
}

func signIn(_ context.Context, username string, otp sdk.Secret) (*sdk.Token, error) {
	return &sdk.Token{
		Secret:    sdk.NewSecret("token-for-" + otp.Reveal()),
		ExpiresOn: time.Now().Add(time.Hour),
		Account:   sdk.Account{ID: "zoe", Username: username},
		State:     []byte("refresh token"),
	}, nil
}

// A flow binary's main is one line.
func Example() {
	sdk.Serve(corp{})
}

// An embedding program that is also its own flow begins its main so.
func ExampleServeIfFlow() {
	sdk.ServeIfFlow(corp{})
	// The program's own work follows.
}
