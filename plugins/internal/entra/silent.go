package entra

import (
	"context"
	"errors"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"

	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
	"github.com/authlatch/authlatch/sdk"
)

// Silent redeems the refresh token in the request's state. It fails with
// INTERACTION_REQUIRED, the provider's AADSTS number and claims kept, if there
// is none or the provider wants the person; everything else that goes wrong
// keeps its own reason.
func (c *Client) Silent(ctx context.Context) (*sdk.Token, error) {
	if c.cache.account.ID == "" {
		return nil, &sdk.Error{Reason: flowv1.ReasonInteractionRequired, Message: "nobody is signed in"}
	}
	tok, err := c.acquireSilent(ctx, c.cache.account.ID)
	var refused *sdk.Error
	if errors.As(err, &refused) && needsPerson[refused.Reason] {
		// The refresh token is dead or not enough: MSAL would keep it (traps.md, MSAL 12).
		c.cache.clear()
		asked := *refused
		asked.Reason = flowv1.ReasonInteractionRequired
		return nil, &asked
	}
	return tok, err
}

// needsPerson are the reasons that a sign-in may resolve. A device policy is one
// of them: a browser may prove the device.
var needsPerson = map[string]bool{
	flowv1.ReasonInteractionRequired: true,
	flowv1.ReasonInvalidGrant:        true,
	flowv1.ReasonMFARequired:         true,
	flowv1.ReasonConsentRequired:     true,
	flowv1.ReasonDeviceRequired:      true,
	flowv1.ReasonAccessDenied:        true,
	flowv1.ReasonExpiredToken:        true,
}

// acquireSilent redeems the refresh token of a home account. MSAL reads nothing
// of the account but its id.
func (c *Client) acquireSilent(ctx context.Context, homeAccountID string) (*sdk.Token, error) {
	opts := []public.AcquireSilentOption{
		public.WithSilentAccount(public.Account{HomeAccountID: homeAccountID}),
		public.WithClaims(c.claims),
	}
	if isPoP(c.req) {
		opts = append(opts, public.WithAuthenticationScheme(c.scheme()))
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	c.transport.begin()
	res, err := c.msal.AcquireTokenSilent(ctx, c.scopes, opts...)
	if err != nil {
		// No access token is ever in the cache, so none comes with the error of a
		// refresh that was merely due (traps.md, MSAL 12).
		return nil, c.explain(ctx, err)
	}
	return c.token(res)
}
