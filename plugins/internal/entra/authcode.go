package entra

import (
	"context"
	"net/url"
	"slices"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"

	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
	"github.com/authlatch/authlatch/sdk"
)

// AuthCode is one authorization code sign-in with PKCE. The flow makes State and
// Verifier with crypto/rand (RFC 7636 section 4.1: 43 characters or more).
type AuthCode struct {
	RedirectURI  string
	State        string
	Challenge    string // S256 of Verifier, base64url without padding
	Verifier     string
	ResponseMode string // "form_post"; "" leaves it to the provider (query)
	Prompt       string // "select_account", "login", "consent", "none" or ""
	LoginHint    string
	DomainHint   string
}

// AuthCodeURL asks for the authority's metadata and returns the URL for the
// person's browser: with the request's scopes (and openid, profile,
// offline_access), claims and capabilities.
func (c *Client) AuthCodeURL(ctx context.Context, a AuthCode) (string, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	c.transport.begin()
	// MSAL adds the default scopes only to its own interactive sign-in.
	scopes := append(slices.DeleteFunc(slices.Clone(c.scopes), func(s string) bool { return slices.Contains(openIDScopes, s) }), openIDScopes...)
	raw, err := c.msal.AuthCodeURL(ctx, c.req.ClientID, a.RedirectURI, scopes,
		public.WithClaims(c.claims), public.WithLoginHint(a.LoginHint), public.WithDomainHint(a.DomainHint))
	if err != nil {
		return "", c.explain(ctx, err)
	}
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "https" {
		return "", &sdk.Error{Reason: flowv1.ReasonTemporarilyUnavailable, Message: "the provider's authorization endpoint is not an https URL"}
	}
	q := u.Query()
	q.Set("state", a.State)
	q.Set("code_challenge", a.Challenge)
	q.Set("code_challenge_method", "S256")
	if a.ResponseMode != "" {
		q.Set("response_mode", a.ResponseMode)
	}
	if a.Prompt != "" {
		q.Set("prompt", a.Prompt) // MSAL's WithPrompt takes a type that has no exported constants
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// RedeemAuthCode exchanges the code for a token; a is what AuthCodeURL was given.
// The code is sent once: a second try could make the provider revoke what the
// first one got (RFC 6749 section 4.1.2).
func (c *Client) RedeemAuthCode(ctx context.Context, code string, a AuthCode) (*sdk.Token, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	c.transport.begin()
	res, err := c.msal.AcquireTokenByAuthCode(ctx, code, a.RedirectURI, c.scopes,
		public.WithChallenge(a.Verifier), public.WithClaims(c.claims))
	if err != nil {
		return nil, c.explain(ctx, err)
	}
	return c.signedIn(ctx, res)
}

// AuthorizationError turns the parameters of an error redirect (RFC 6749 section
// 4.1.2.1) into an *sdk.Error. The flow must have checked the state first.
func AuthorizationError(v url.Values) error {
	return oauthError{
		Code:        v.Get("error"),
		Description: v.Get("error_description"),
		Suberror:    v.Get("error_subcode"),
		Claims:      v.Get("claims"),
	}.sdkError(nil)
}
