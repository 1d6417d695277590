package emulator

import (
	"crypto"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// denial is why a protected resource refuses a token; see RFC 6750 section 3.1.
type denial struct {
	code, text string
	claims     string // JSON of a claims challenge
}

// presented is the scheme and token of the Authorization header. Of Basic
// credentials the password is the token, as git and docker send it.
func (x *exchange) presented() (scheme, token string) {
	if _, password, ok := x.r.BasicAuth(); ok {
		return "basic", password
	}
	scheme, token, _ = strings.Cut(x.r.Header.Get("Authorization"), " ")
	return strings.ToLower(scheme), strings.TrimSpace(token)
}

// judge checks the request's token wholly: scheme, signature, issuer,
// lifetime, audience, its key if it is bound to one, and what the controls ask.
func (x *exchange) judge(audiences ...string) (*accessClaims, *denial) {
	scheme, token := x.presented()
	switch {
	case scheme == "" || token == "":
		return nil, &denial{}
	case scheme == "pop":
		return x.judgeBound(token, audiences)
	case scheme != "bearer" && scheme != "basic":
		return nil, &denial{code: "invalid_request", text: "unknown scheme"}
	}
	claims, refused := x.judgeToken(token, audiences)
	if refused == nil && claims.Confirmation != nil {
		return nil, &denial{code: "invalid_token", text: "the token is bound to a key and came without its proof"}
	}
	return claims, refused
}

func (x *exchange) judgeToken(token string, audiences []string) (*accessClaims, *denial) {
	var claims accessClaims
	if err := x.s.keys.open(token, &claims); err != nil {
		return nil, &denial{code: "invalid_token", text: "the signature or the format is wrong"}
	}
	now := x.s.now().Unix()
	switch {
	case !x.s.issued(claims):
		return nil, &denial{code: "invalid_token", text: "the issuer is wrong"}
	case now < claims.NotBefore:
		return nil, &denial{code: "invalid_token", text: "the token is not valid yet"}
	case now >= claims.Expires:
		return nil, &denial{code: "invalid_token", text: "the token expired at " + time.Unix(claims.Expires, 0).UTC().Format(time.RFC3339)}
	case !slices.ContainsFunc(audiences, func(a string) bool { return sameResource(a, claims.Audience) }):
		return nil, &denial{code: "invalid_token", text: fmt.Sprintf("the audience is %q", claims.Audience)}
	}
	return &claims, x.s.judgeUser(&claims)
}

// issued reports whether the token names this server as its issuer.
func (s *Server) issued(claims accessClaims) bool {
	for _, host := range s.hosts {
		if claims.Issuer == "https://"+host+"/"+claims.Tenant+"/v2.0" {
			return true
		}
	}
	return false
}

func (s *Server) judgeUser(claims *accessClaims) *denial {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.member(claims.UPN)
	switch {
	case err != nil:
		return &denial{code: "invalid_token", text: "the user does not exist any more"}
	case claims.Sequence <= m.rejectedAt:
		return &denial{code: "invalid_token", text: "the token is not accepted any more"}
	case claims.Sequence <= m.revokedAt && len(claims.Capabilities) > 0:
		challenge := fmt.Sprintf(`{"access_token":{"nbf":{"essential":true,"value":"%d"}}}`, s.now().Unix())
		return &denial{code: "insufficient_claims", text: "the session was revoked", claims: challenge}
	case m.mustClaim != "" && !satisfies(claims.Requested, m.mustClaim):
		return &denial{code: "insufficient_claims", text: "more is needed", claims: m.mustClaim}
	}
	return nil
}

// proofSkew is how old a signed proof may be.
const proofSkew = 5 * time.Minute

// judgeBound checks a signed HTTP request token: a JWT signed by the bound key
// with the access token in its claim "at".
func (x *exchange) judgeBound(proof string, audiences []string) (*accessClaims, *denial) {
	bad := func(text string) (*accessClaims, *denial) { return nil, &denial{code: "invalid_token", text: text} }
	signed, err := jose.ParseSignedCompact(proof, []jose.SignatureAlgorithm{jose.RS256, jose.ES256})
	if err != nil {
		return bad("the proof is not a signed JWT")
	}
	var body struct {
		AccessToken  string `json:"at"`
		Time         int64  `json:"ts"`
		Confirmation struct {
			Key jose.JSONWebKey `json:"jwk"`
		} `json:"cnf"`
	}
	if json.Unmarshal(signed.UnsafePayloadWithoutVerification(), &body) != nil {
		return bad("the proof has no key")
	}
	key := body.Confirmation.Key
	if _, err := signed.Verify(key); err != nil {
		return bad("the proof's signature is wrong")
	}
	claims, refused := x.judgeToken(body.AccessToken, audiences)
	if refused != nil {
		return nil, refused
	}
	if claims.Confirmation == nil || !boundTo(claims.Confirmation.KeyID, key) {
		return bad("the token is not bound to the proof's key")
	}
	if age := x.s.now().Sub(time.Unix(body.Time, 0)); age > proofSkew || age < -proofSkew {
		return bad("the proof is too old")
	}
	return claims, nil
}

// boundTo compares a kid with a key's RFC 7638 thumbprint, in either base64 alphabet's URL form.
func boundTo(kid string, key jose.JSONWebKey) bool {
	sum, err := key.Thumbprint(crypto.SHA256)
	return err == nil && strings.TrimRight(kid, "=") == base64.RawURLEncoding.EncodeToString(sum)
}

// challenge sets WWW-Authenticate for a denial and counts it.
func (x *exchange) challenge(d *denial) {
	parts := []string{`Bearer realm=""`, fmt.Sprintf(`authorization_uri="%s/common/oauth2/authorize"`, x.base())}
	if d.code != "" {
		parts = append(parts, fmt.Sprintf(`error=%q`, d.code), fmt.Sprintf(`error_description=%q`, strings.ReplaceAll(d.text, `"`, "'")))
		x.entry.Error = d.code
	}
	if d.claims != "" {
		parts = append(parts, `claims="`+base64.StdEncoding.EncodeToString([]byte(d.claims))+`"`)
	}
	x.w.Header().Set("WWW-Authenticate", strings.Join(parts, ", "))
	x.s.count(func(c *Counters) { c.APIDenied++ })
}

func (x *exchange) allow(methods ...string) bool {
	if slices.Contains(methods, x.r.Method) {
		return true
	}
	x.w.Header().Set("Allow", strings.Join(methods, ", "))
	x.w.WriteHeader(http.StatusMethodNotAllowed)
	return false
}
