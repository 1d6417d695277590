package emulator

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"
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

// authCode is an authorization code that was given out. Guarded by Server.mu.
type authCode struct {
	username  string
	tenant    string // as resolved at sign-in
	client    string
	redirect  string
	challenge string
	method    string
	scopes    scopeSet
	claims    requestedClaims
	nonce     string
	amr       []string
	auth      time.Time
	expires   time.Time
	began     int64
	used      *family // what its first use began; nil while unused
}

// redeemCode is the authorization_code grant: RFC 6749 section 4.1.3 with PKCE.
func (x *exchange) redeemCode(app App, t tenant) (*grant, *oauthError) {
	for _, name := range []string{"code", "redirect_uri"} {
		if x.param(name) == "" {
			return nil, errMissing(name)
		}
	}
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	code := x.s.codes[x.param("code")]
	switch {
	case code == nil:
		return nil, errBadGrant("The authorization code is not known.")
	case code.client != app.ID:
		return nil, errBadGrant("The authorization code was issued to another client.")
	case code.used != nil:
		// RFC 6749 section 4.1.2: what the first use gave is void as well.
		if !code.used.revoked {
			code.used.revoked = true
			x.s.counters.Revoked++
		}
		return nil, errCodeUsed()
	case !x.s.now().Before(code.expires):
		return nil, errCodeExpired()
	case code.redirect != x.param("redirect_uri"):
		return nil, errReplyAddress(x.param("redirect_uri"), code.redirect)
	}
	if refused := code.verify(x.param("code_verifier")); refused != nil {
		return nil, refused
	}
	m, err := x.s.member(code.username)
	if err != nil {
		return nil, errUnknownUser(t.asPath())
	}
	if code.began <= m.revokedAt {
		return nil, errRevoked(m.revokedTime)
	}
	scopes := code.scopes
	if raw := x.param("scope"); raw != "" {
		asked, refused := x.s.parseScopes(raw, app, code.tenant)
		if refused != nil {
			return nil, refused
		}
		if !asked.within(code.scopes) {
			return nil, errScope(raw)
		}
		if len(asked.asked) == 0 {
			asked.asked, asked.resource, asked.perms = scopes.asked, scopes.resource, scopes.perms
		}
		scopes = asked
	}
	g := &grant{kind: "authorization_code", app: app, scopes: scopes, claims: code.claims, nonce: code.nonce, amr: code.amr, auth: code.auth, seq: x.s.next()}
	if refused := x.complete(g, m, t, errStranger); refused != nil {
		return nil, refused
	}
	g.tenant = code.tenant
	g.family = &family{username: code.username, client: app.ID, amr: code.amr, auth: code.auth, began: g.seq}
	code.used = g.family
	return g, nil
}

// verify is RFC 7636 section 4.6.
func (c *authCode) verify(verifier string) *oauthError {
	if c.challenge == "" {
		if verifier != "" {
			return errVerifier()
		}
		return nil
	}
	if verifier == "" {
		return errNoVerifier()
	}
	if !validVerifier(verifier) {
		return errVerifier()
	}
	computed := verifier
	if c.method == "S256" {
		sum := sha256.Sum256([]byte(verifier))
		computed = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	if subtle.ConstantTimeCompare([]byte(computed), []byte(c.challenge)) != 1 {
		return errVerifier()
	}
	return nil
}

// validVerifier is the grammar of RFC 7636 section 4.1, which challenges obey too.
func validVerifier(v string) bool {
	if len(v) < 43 || len(v) > 128 {
		return false
	}
	for _, c := range v {
		unreserved := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("-._~", c)
		if !unreserved {
			return false
		}
	}
	return true
}
