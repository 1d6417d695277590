package entra

import (
	"strings"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"

	"github.com/authlatch/authlatch/sdk"
)

const tokenTypePoP = "pop"

func isPoP(req *sdk.Request) bool { return strings.EqualFold(req.TokenType, tokenTypePoP) }

// boundToken asks for an access token that is bound to the host's key. The host
// signs each call with that key, so the token is returned as it came: the flow's
// process never sees the key.
type boundToken struct{ reqCnf, keyID string }

func (b boundToken) TokenRequestParams() map[string]string {
	return map[string]string{"token_type": tokenTypePoP, "req_cnf": b.reqCnf}
}
func (b boundToken) KeyID() string                               { return b.keyID }
func (b boundToken) FormatAccessToken(at string) (string, error) { return at, nil }
func (b boundToken) AccessTokenType() string                     { return tokenTypePoP }

func (c *Client) scheme() public.AuthenticationScheme {
	return boundToken{reqCnf: c.req.ReqCnf, keyID: c.req.KeyID}
}
