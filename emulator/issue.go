package emulator

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// grant is a sign-in that was found good: all that tokens are made of.
type grant struct {
	kind   string // as in Counters.Token
	user   User
	tenant string // GUID
	app    App
	scopes scopeSet
	claims requestedClaims
	nonce  string
	amr    []string
	auth   time.Time
	// family is what a refresh token will belong to; nil starts a new one.
	family *family
	seq    int64 // when, among tokens and revocations
	kid    string
}

// accessClaims are an access token's claims, as far as this package reads them.
type accessClaims struct {
	Audience          string   `json:"aud"`
	Issuer            string   `json:"iss"`
	IssuedAt          int64    `json:"iat"`
	NotBefore         int64    `json:"nbf"`
	Expires           int64    `json:"exp"`
	AMR               []string `json:"amr,omitempty"`
	Party             string   `json:"azp"`
	PartyAuth         string   `json:"azpacr"`
	IdentityProvider  string   `json:"idp,omitempty"`
	Name              string   `json:"name"`
	Object            string   `json:"oid"`
	PreferredUsername string   `json:"preferred_username"`
	Scope             string   `json:"scp"`
	Subject           string   `json:"sub"`
	Tenant            string   `json:"tid"`
	UPN               string   `json:"upn"`
	UTI               string   `json:"uti"`
	Version           string   `json:"ver"`
	Capabilities      []string `json:"xms_cc,omitempty"`
	Confirmation      *struct {
		KeyID string `json:"kid"`
	} `json:"cnf,omitempty"`

	// Not Entra's: what the request's claims parameter asked for, by which the
	// protected resources know that a challenge was answered, and an order.
	Requested map[string]json.RawMessage `json:"emulator_claims,omitempty"`
	Sequence  int64                      `json:"emulator_seq"`
}

type idClaims struct {
	Audience          string `json:"aud"`
	Issuer            string `json:"iss"`
	IssuedAt          int64  `json:"iat"`
	NotBefore         int64  `json:"nbf"`
	Expires           int64  `json:"exp"`
	AuthTime          int64  `json:"auth_time"`
	IdentityProvider  string `json:"idp,omitempty"`
	Name              string `json:"name,omitempty"`
	Email             string `json:"email,omitempty"`
	Nonce             string `json:"nonce,omitempty"`
	Object            string `json:"oid"`
	PreferredUsername string `json:"preferred_username,omitempty"`
	UPN               string `json:"upn,omitempty"`
	Subject           string `json:"sub"`
	Tenant            string `json:"tid"`
	UTI               string `json:"uti"`
	Version           string `json:"ver"`
}

type tokenResponse struct {
	TokenType    string `json:"token_type"`
	Scope        string `json:"scope"`
	ExpiresIn    int    `json:"expires_in"`     // seconds
	ExtExpiresIn int    `json:"ext_expires_in"` // seconds
	RefreshIn    int    `json:"refresh_in,omitempty"`
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token,omitempty"`
	IDToken      string `json:"id_token,omitempty"`
	ClientInfo   string `json:"client_info,omitempty"`
}

// issue answers a token request with the tokens of g. It signs without the lock.
func (x *exchange) issue(g *grant) {
	now := x.s.now()
	life := x.s.opts.AccessTokenLifetime
	issuer := x.base() + "/" + g.tenant + "/v2.0"
	object := g.user.objectIn(g.tenant)
	claims := accessClaims{
		Audience: g.scopes.resource, Issuer: issuer,
		IssuedAt: now.Unix(), NotBefore: now.Unix(), Expires: now.Add(life).Unix(),
		AMR: g.amr, Party: g.app.ID, PartyAuth: "0", IdentityProvider: g.identityProvider(),
		Name: g.user.Name, Object: object, PreferredUsername: g.user.Username, UPN: g.user.Username,
		Scope: strings.Join(g.scopes.perms, " "), Subject: pairwise(object, g.scopes.resource),
		Tenant: g.tenant, UTI: opaque("")[:22], Version: "2.0",
		Capabilities: g.claims.capabilities, Requested: g.claims.access, Sequence: g.seq,
	}
	response := tokenResponse{
		TokenType: "Bearer", Scope: g.scopes.granted(),
		ExpiresIn: int(life / time.Second), ExtExpiresIn: int(life / time.Second),
		RefreshIn: x.s.refreshIn(),
	}
	if g.kid != "" {
		response.TokenType = "pop"
		claims.Confirmation = &struct {
			KeyID string `json:"kid"`
		}{g.kid}
	}
	var err error
	if response.AccessToken, err = x.s.keys.sign(claims); err == nil && g.scopes.has("openid") {
		response.IDToken, err = x.s.keys.sign(g.idClaims(issuer, object, now, life))
	}
	if err != nil {
		x.refuse(&oauthError{status: http.StatusInternalServerError, oauth: "server_error", aadsts: 50000, text: "There's an issue with the sign-in service."})
		return
	}
	if x.param("client_info") == "1" {
		info, _ := json.Marshal(map[string]string{"uid": g.user.ID, "utid": g.user.Tenant}) // strings cannot fail
		response.ClientInfo = base64.RawURLEncoding.EncodeToString(info)
	}
	if g.scopes.has("offline_access") {
		response.RefreshToken = x.s.newRefreshToken(g)
	}
	x.s.count(func(c *Counters) { c.Issued[g.kind]++ })
	x.json(http.StatusOK, response)
}

func (g *grant) idClaims(issuer, object string, now time.Time, life time.Duration) idClaims {
	c := idClaims{
		Audience: g.app.ID, Issuer: issuer, IssuedAt: now.Unix(), NotBefore: now.Unix(), Expires: now.Add(life).Unix(),
		AuthTime: g.auth.Unix(), IdentityProvider: g.identityProvider(), Nonce: g.nonce, Object: object,
		Subject: pairwise(object, g.app.ID), Tenant: g.tenant, UTI: opaque("")[:22], Version: "2.0",
	}
	if g.scopes.has("profile") {
		c.Name, c.PreferredUsername, c.UPN = g.user.Name, g.user.Username, g.user.Username
	}
	if g.scopes.has("email") {
		c.Email = g.user.Username
	}
	return c
}

// identityProvider is set for guests only, as at Entra.
func (g *grant) identityProvider() string {
	if g.tenant == g.user.Tenant {
		return ""
	}
	return "https://sts.windows.net/" + g.user.Tenant + "/"
}

func (s *Server) refreshIn() int {
	switch {
	case s.opts.RefreshIn < 0:
		return 0
	case s.opts.RefreshIn > 0:
		return seconds(s.opts.RefreshIn)
	case s.opts.AccessTokenLifetime >= 2*time.Hour:
		return seconds(s.opts.AccessTokenLifetime / 2)
	}
	return 0
}

// pairwise is a subject that differs by audience and cannot be turned back.
func pairwise(object, audience string) string {
	sum := sha256.Sum256([]byte("sub\x00" + object + "\x00" + strings.TrimSuffix(audience, "/")))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
