package entra

import (
	"context"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"

	"github.com/authlatch/authlatch/sdk"
)

// Password signs in with the resource owner's password (RFC 6749 section 4.3);
// for a federated user it gets a SAML assertion from the organization's own
// server by WS-Trust first.
func (c *Client) Password(ctx context.Context, username string, password sdk.Secret) (*sdk.Token, error) {
	opts := []public.AcquireByUsernamePasswordOption{public.WithClaims(c.claims)}
	if isPoP(c.req) {
		opts = append(opts, public.WithAuthenticationScheme(c.scheme()))
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	c.transport.begin()
	//nolint:staticcheck // Deprecated by MSAL because the grant is; the flow says so to the person.
	res, err := c.msal.AcquireTokenByUsernamePassword(ctx, c.scopes, username, password.Reveal(), opts...)
	if err != nil {
		return nil, c.explain(ctx, err)
	}
	return c.token(res)
}
