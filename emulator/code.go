package emulator

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strings"
	"time"
)

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
