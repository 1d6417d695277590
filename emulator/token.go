package emulator

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
)

const (
	deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"
	saml1Grant  = "urn:ietf:params:oauth:grant-type:saml1_1-bearer"
	saml2Grant  = "urn:ietf:params:oauth:grant-type:saml2-bearer"
)

// shortGrant names a grant as the counters do. MSAL for Go says "device_code"
// where RFC 8628 has an URN; Entra takes both.
func shortGrant(grant string) string {
	switch grant {
	case "authorization_code", "refresh_token", "password", "device_code":
		return grant
	case deviceGrant:
		return "device_code"
	case saml1Grant, saml2Grant:
		return "saml"
	}
	return "other"
}

// postForm checks what token and devicecode requests have in common.
func (x *exchange) postForm() *oauthError {
	if x.r.Method != http.MethodPost {
		return errMethod(http.MethodPost, x.r.Method)
	}
	if x.malformed != "" {
		return errMalformed(x.malformed)
	}
	return duplicate(x.form)
}

// clientAndTenant identifies the public client of a token or devicecode request.
func (x *exchange) clientAndTenant() (App, tenant, *oauthError) {
	t, refused := x.s.tenantNamed(x.to.tenant)
	if refused != nil {
		return App{}, t, refused
	}
	id := x.param("client_id")
	if id == "" {
		return App{}, t, errMissing("client_id")
	}
	app, ok := x.s.apps[strings.ToLower(id)]
	if !ok {
		return App{}, t, errUnknownApp(id, x.to.tenant)
	}
	if app.Confidential {
		return App{}, t, errNeedsCredential()
	}
	return app, t, nil
}

// token is the token endpoint.
func (x *exchange) token() {
	g, refused := x.redeem()
	if refused != nil {
		x.refuse(refused)
		return
	}
	x.issue(g)
}

func (x *exchange) redeem() (*grant, *oauthError) {
	if refused := x.postForm(); refused != nil {
		return nil, refused
	}
	grantType := x.param("grant_type")
	if grantType == "" {
		return nil, errMissing("grant_type")
	}
	kind := shortGrant(grantType)
	if kind == "other" {
		return nil, errGrantType(grantType)
	}
	app, t, refused := x.clientAndTenant()
	if refused != nil {
		return nil, refused
	}
	kid, refused := x.boundKey()
	if refused != nil {
		return nil, refused
	}
	var g *grant
	switch kind {
	case "authorization_code":
		g, refused = x.redeemCode(app, t)
	case "refresh_token":
		g, refused = x.redeemRefresh(app, t)
	case "device_code":
		g, refused = x.redeemDevice(app, t)
	case "password":
		g, refused = x.redeemPassword(app, t)
	case "saml":
		g, refused = x.redeemSAML(app, t)
	}
	if refused != nil {
		return nil, refused
	}
	g.kid = kid
	return g, nil
}

// boundKey reads req_cnf, the key that a proof-of-possession token is to be
// bound to: base64url of {"kid": thumbprint}.
func (x *exchange) boundKey() (string, *oauthError) {
	switch kind := x.param("token_type"); {
	case kind == "" || strings.EqualFold(kind, "bearer"):
		return "", nil
	case !strings.EqualFold(kind, "pop"):
		return "", errMalformed("unknown token_type")
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(x.param("req_cnf"), "="))
	var confirmation struct {
		KeyID string `json:"kid"`
	}
	if err != nil || json.Unmarshal(raw, &confirmation) != nil || confirmation.KeyID == "" {
		return "", errMissing("req_cnf")
	}
	return confirmation.KeyID, nil
}

// complete fills in what every grant needs once its user is known, and applies
// the directory's rules. Call it with mu held.
func (x *exchange) complete(g *grant, m *member, t tenant, stranger func(User, string, App) *oauthError) *oauthError {
	if m.Disabled {
		return errDisabled()
	}
	id, refused := t.admit(m.User, g.app, stranger)
	if refused != nil {
		return refused
	}
	if m.DeviceRequired {
		return errDevice()
	}
	claims, refused := parseClaims(x.param("claims"))
	if refused != nil {
		return refused
	}
	g.user, g.tenant, g.claims = m.User, id, claims.over(g.claims)
	return nil
}
