package entra

import (
	"context"
	"errors"

	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
	"github.com/authlatch/authlatch/sdk"
)

// SignIn asks the person and signs in with one of the Client's methods.
type SignIn func(ctx context.Context, c *Client) (*sdk.Token, error)

// GetToken is a flow's GetToken: it tries the state as req.Mode allows and calls
// signIn if a person is needed and may be asked. Only INTERACTION_REQUIRED leads
// from the one to the other: an unreachable provider or a wrong client would
// fail after the prompt as well.
//
// Errors are *sdk.Error, the context's, or what signIn returned.
func GetToken(ctx context.Context, req *sdk.Request, signIn SignIn, opts ...Option) (*sdk.Token, error) {
	c, err := New(req, opts...)
	if err != nil {
		return nil, err
	}
	defer c.Close()

	if req.Mode != sdk.Force {
		tok, err := c.Silent(ctx)
		var refused *sdk.Error
		if err == nil || req.Mode != sdk.IfNeeded || !errors.As(err, &refused) || refused.Reason != flowv1.ReasonInteractionRequired {
			return tok, err
		}
		// What the refusal asks for (a second factor, say) the sign-in must carry.
		c.claims = mergeClaims(c.claims, refused.Claims)
	}
	c.cache.clear()
	return signIn(ctx, c)
}
