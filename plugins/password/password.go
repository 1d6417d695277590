// Package password is the flow "password": resource owner password credentials
// (RFC 6749 section 4.3). It is discouraged and never a fallback: it knows no
// second factor, no personal accounts and cannot ask for consent. It exists for
// test users and for tenants that still allow nothing else.
//
// The password comes from an interaction only; the host may answer it from its
// own sources. The flow reads neither environment nor files for it.
package password

import (
	"context"
	"errors"
	"strings"

	"github.com/authlatch/authlatch/internal/version"
	"github.com/authlatch/authlatch/plugins/internal/entra"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
	"github.com/authlatch/authlatch/sdk"
)

// Names of the inputs, by which the host knows what it may answer itself.
const (
	inputUsername = "username"
	inputPassword = "password"
)

const discouraged = "The password flow is discouraged: no second factor, no personal accounts, no consent. Prefer browser or devicecode."

type flow struct{ opts []entra.Option }

// New returns the flow.
func New() sdk.Flow { return flow{} }

// Prepare is sdk.Preparer's.
func (flow) Prepare(ahead sdk.Ahead) { entra.Prepare(ahead) }

func (flow) Describe() sdk.Description {
	return sdk.Description{
		Name:     "password",
		Version:  version.String(),
		Features: []string{flowv1.FeatureEntra, flowv1.FeaturePoP, flowv1.FeatureIDToken},
	}
}

func (f flow) GetToken(ctx context.Context, req *sdk.Request, p sdk.Prompter) (*sdk.Token, error) {
	if strings.EqualFold(req.Tenant, "consumers") {
		return nil, &sdk.Error{Reason: flowv1.ReasonInvalidRequest, Message: "personal accounts cannot sign in with the password flow; use the browser or devicecode flow"}
	}
	return entra.GetToken(ctx, req, func(ctx context.Context, c *entra.Client) (*sdk.Token, error) {
		return signIn(ctx, c, req, p)
	}, f.opts...)
}

func signIn(ctx context.Context, c *entra.Client, req *sdk.Request, p sdk.Prompter) (*sdk.Token, error) {
	// A host that cannot show notices still gets its token.
	if err := p.Notice(ctx, discouraged); err != nil && !errors.Is(err, sdk.ErrUnsupported) && !errors.Is(err, sdk.ErrUnavailable) {
		return nil, err
	}
	username := req.Username
	if username == "" {
		var err error
		if username, err = p.Input(ctx, inputUsername, "User name"); err != nil {
			return nil, err
		}
	}
	if username == "" {
		return nil, &sdk.Error{Reason: flowv1.ReasonInvalidRequest, Message: "no user name was given"}
	}
	secret, err := p.Secret(ctx, inputPassword, "Password for "+username)
	if err != nil {
		return nil, err
	}
	if secret.Empty() {
		return nil, &sdk.Error{Reason: flowv1.ReasonInvalidRequest, Message: "no password was given"}
	}
	tok, err := c.Password(ctx, username, secret)
	return tok, advise(err)
}

// advise says of the refusals that this flow is known for what they mean here.
func advise(err error) error {
	var refused *sdk.Error
	if !errors.As(err, &refused) {
		return err
	}
	out := *refused
	switch {
	case out.AADSTS == 50126:
		out.Message = "wrong user name or password"
	case out.AADSTS == 50020:
		out.Message = "this account does not belong to this tenant; personal accounts cannot sign in with the password flow at all"
	case out.Reason == flowv1.ReasonMFARequired, out.Reason == flowv1.ReasonInteractionRequired:
		// Nothing that a person could do here would help.
		out.Reason = flowv1.ReasonMFARequired
		out.Message = "this account needs more than a password; use the browser flow"
	case out.Reason == flowv1.ReasonConsentRequired:
		out.Message = "nobody has consented to this client and scope, and the password flow cannot ask; use the browser or devicecode flow once"
	}
	return &out
}
