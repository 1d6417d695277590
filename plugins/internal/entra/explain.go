package entra

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/authlatch/authlatch/internal/sanitize"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
	"github.com/authlatch/authlatch/sdk"
)

var (
	errUnreadable = errors.New("MSAL's cache cannot be read")
	errTooSlow    = errors.New("the identity provider did not answer in time")
)

// callTimeout bounds one call where the request has no deadline: three attempts
// (transport.go) and the pauses between them. Without any deadline MSAL would cut
// each call, retries included, at 30 seconds.
const callTimeout = 2 * time.Minute

func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, callTimeout, errTooSlow)
}

// explain turns what MSAL returned into what leaves the flow: the transport's
// own *sdk.Error, the context's error, or a description of what the transport
// saw. MSAL's text never goes further, because it quotes answers.
func (c *Client) explain(ctx context.Context, err error) error {
	var known *sdk.Error
	if errors.As(err, &known) {
		return known
	}
	if ctx.Err() != nil {
		if errors.Is(context.Cause(ctx), errTooSlow) {
			return &sdk.Error{Reason: flowv1.ReasonTemporarilyUnavailable, Message: fmt.Sprintf("%s did not answer in time", c.authority.host), Err: errTooSlow}
		}
		return ctx.Err()
	}
	seen := c.transport.seen
	switch {
	case errors.Is(err, context.DeadlineExceeded): // MSAL's, at the device code's expiry
		return errCodeExpired()
	case c.cache.unreadable && !seen.token:
		return &sdk.Error{Reason: flowv1.ReasonInteractionRequired, Message: "what was kept of the last sign-in cannot be read"}
	case seen.tokenOK:
		if declined := seen.declined(c.scopes); len(declined) > 0 {
			return &sdk.Error{Reason: flowv1.ReasonConsentRequired, Message: "not granted: " + sanitize.Line(strings.Join(declined, " "), 200)}
		}
		return unreadable(c.authority.host)
	case seen.federation != "" && !seen.token:
		return unreadable(seen.federation)
	case seen.realm != "" && !slices.Contains(signInRealms, strings.ToLower(seen.realm)) && !seen.token:
		return &sdk.Error{Reason: flowv1.ReasonInvalidGrant, Message: "this is no work or school account: personal accounts and unknown users cannot sign in with a password here"}
	case seen.discovery && seen.realm == "" && !seen.token:
		return &sdk.Error{Reason: flowv1.ReasonInvalidRequest, Message: fmt.Sprintf("the metadata of %s do not fit it: its issuer is %q", c.authority.url, sanitize.Line(seen.issuer, 100))}
	}
	return unreadable(c.authority.host)
}

// signInRealms are the account types that MSAL can sign in by password.
var signInRealms = []string{"managed", "federated"}

func errCodeExpired() *sdk.Error {
	return &sdk.Error{Reason: flowv1.ReasonExpiredToken, Message: "the code expired before the sign-in was finished"}
}

func unreadable(host string) *sdk.Error {
	return &sdk.Error{Reason: flowv1.ReasonTemporarilyUnavailable, Message: fmt.Sprintf("the answer of %s cannot be understood", sanitize.Line(host, 200))}
}
