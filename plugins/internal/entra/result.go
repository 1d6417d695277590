package entra

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"

	"github.com/authlatch/authlatch/internal/sanitize"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
	"github.com/authlatch/authlatch/sdk"
)

// signedIn finishes a sign-in that a person did: it checks who it was, and for a
// bound token redeems the refresh token once more, because MSAL cannot bind the
// token of a code (traps.md, MSAL 11).
func (c *Client) signedIn(ctx context.Context, res public.AuthResult) (*sdk.Token, error) {
	if err := c.checkUser(res); err != nil {
		return nil, err
	}
	if !isPoP(c.req) {
		return c.token(res)
	}
	c.cache.account = c.accountOf(res)
	return c.acquireSilent(ctx, c.cache.account.ID)
}

// token makes the answer of what MSAL returned.
func (c *Client) token(res public.AuthResult) (*sdk.Token, error) {
	account := c.accountOf(res)
	if account.ID == "" {
		return nil, &sdk.Error{Reason: flowv1.ReasonTemporarilyUnavailable, Message: "the provider's answer does not say who signed in"}
	}
	t := &sdk.Token{
		Secret:    sdk.NewSecret(res.AccessToken),
		TokenType: "Bearer",
		ExpiresOn: res.ExpiresOn,
		RefreshOn: res.Metadata.RefreshOn,
		Scopes:    res.GrantedScopes,
		Account:   sdk.Account{ID: account.ID, Username: account.Username, Tenant: account.Tenant, Environment: c.authority.host},
		State:     c.cache.state(account),
	}
	switch {
	case c.req.IDToken:
		if res.IDToken.RawToken == "" {
			return nil, &sdk.Error{Reason: flowv1.ReasonTemporarilyUnavailable, Message: "the provider's answer has no ID token"}
		}
		t.Secret = sdk.NewSecret(res.IDToken.RawToken)
		t.ExpiresOn = time.Unix(res.IDToken.ExpirationTime, 0)
		t.RefreshOn = time.Time{} // it is the access token's
	case isPoP(c.req):
		// A server that does not know "pop" ignores it and answers with a bearer token.
		if got := c.transport.seen.tokenType; !strings.EqualFold(got, tokenTypePoP) {
			return nil, &sdk.Error{Reason: flowv1.ReasonInvalidRequest, Message: "the provider did not bind the token to the key: the resource or tenant does not support proof of possession"}
		}
		t.TokenType = tokenTypePoP
	}
	return t, nil
}

// accountOf names the account of a result, with what the state says where the
// answer is silent: a refresh need not return an ID token.
func (c *Client) accountOf(res public.AuthResult) stateAccount {
	a := stateAccount{ID: res.Account.HomeAccountID, Username: res.Account.PreferredUsername}
	if a.ID == "" {
		a.ID = c.cache.account.ID
	}
	if a.ID == c.cache.account.ID {
		a.Tenant = c.cache.account.Tenant
		if a.Username == "" {
			a.Username = c.cache.account.Username
		}
	}
	if a.Username == "" {
		a.Username = res.IDToken.UPN // AD FS's; never the email claim (checkUser)
	}
	// The host holds a sign-in to the name that it asked for.
	for _, name := range []string{res.IDToken.PreferredUsername, res.IDToken.UPN} {
		if name != "" && strings.EqualFold(name, c.req.Username) {
			a.Username = name
		}
	}
	// A home account id is OBJECT.TENANT; without client_info it is a bare subject.
	if _, home, ok := strings.Cut(a.ID, "."); ok && c.authority.tenant != "" {
		a.Tenant = home
	} else if a.Tenant == "" {
		a.Tenant = res.IDToken.TenantID
	}
	return a
}

// checkUser refuses a sign-in as somebody else than the request names, so that a
// profile for one user never hands out another's tokens. azidentity does not
// check; but there the caller sees whose credential it holds. The account that
// the request was for will do, because people sign in with aliases, and so will
// the names by which a tenant knows its users; the email claim will not, because
// nobody has verified it and users can change it. Who is not named is refused.
func (c *Client) checkUser(res public.AuthResult) error {
	want := c.req.Username
	if want == "" || (c.req.Account != nil && c.req.Account.ID != "" && c.req.Account.ID == res.Account.HomeAccountID) {
		return nil
	}
	var who string
	for _, name := range []string{res.Account.PreferredUsername, res.IDToken.PreferredUsername, res.IDToken.UPN} {
		if strings.EqualFold(name, want) {
			return nil
		}
		if who == "" {
			who = name
		}
	}
	want = sanitize.Line(want, 100)
	if who == "" {
		return &sdk.Error{
			Reason:  flowv1.ReasonAccessDenied,
			Message: fmt.Sprintf("the provider does not say who signed in, but username is %s", want),
		}
	}
	return &sdk.Error{
		Reason: flowv1.ReasonAccessDenied,
		Message: fmt.Sprintf("%s signed in, but username is %s; if they are the same person, set username to the former",
			sanitize.Line(who, 100), want),
	}
}
