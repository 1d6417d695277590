package entra

import (
	"context"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"

	"github.com/authlatch/authlatch/sdk"
)

// DeviceCode signs in with RFC 8628: it asks for a code, calls show with it once
// and polls until the person has finished. It polls no faster than the provider
// wants and gives up with EXPIRED_TOKEN at the code's expiry, or after timeout
// if that is sooner and not 0.
func (c *Client) DeviceCode(ctx context.Context, timeout time.Duration, show func(sdk.DeviceAuthorization) error) (*sdk.Token, error) {
	c.transport.begin()
	start, cancel := bounded(ctx)
	defer cancel()
	dc, err := c.msal.AcquireTokenByDeviceCode(start, c.scopes, public.WithClaims(c.claims))
	if err != nil {
		return nil, c.explain(start, err)
	}
	d, err := c.transport.deviceAuthorization(timeout)
	if err != nil {
		return nil, err
	}
	if err := show(d); err != nil {
		return nil, err
	}
	// MSAL polls once: the transport paces and repeats the poll (poll.go).
	res, err := dc.AuthenticationResult(ctx)
	if err != nil {
		return nil, c.explain(ctx, err)
	}
	return c.signedIn(ctx, res)
}
