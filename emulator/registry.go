package emulator

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// registryTokenLife is what ACR gives its refresh tokens.
const registryTokenLife = 3 * time.Hour

// registryClaims are those of the registry's own tokens.
type registryClaims struct {
	Audience string `json:"aud"`
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	Tenant   string `json:"tenant"`
	Grant    string `json:"grant_type"` // refresh_token or access_token
	ID       string `json:"jti"`
	IssuedAt int64  `json:"iat"`
	Expires  int64  `json:"exp"`
	Version  string `json:"ver"`
}

const registryIssuer = "Azure Container Registry"

// registry is the distribution API of an ACR-like registry: Options.Registry's, or
// an empty one's, which is enough for docker login and to show that its challenge
// was answered.
func (x *exchange) registry() {
	x.w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
	if _, ok := x.registryUser("access_token", "refresh_token"); !ok {
		service := x.registryName()
		x.challenge(&denial{})
		x.w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm=%q,service=%q`, x.base()+"/oauth2/token", service))
		x.registryError(http.StatusUnauthorized, "UNAUTHORIZED", "authentication required, visit https://aka.ms/acr/authorization for more information.")
		return
	}
	if x.s.opts.Registry != nil {
		x.s.opts.Registry.ServeHTTP(x.w, x.r)
		return
	}
	if !x.allow(http.MethodGet, http.MethodHead) {
		return
	}
	switch x.to.rest {
	case "":
		x.json(http.StatusOK, struct{}{})
	case "_catalog":
		x.json(http.StatusOK, map[string]any{"repositories": []string{}})
	default:
		x.registryError(http.StatusNotFound, "NAME_UNKNOWN", "repository name not known to registry")
	}
}

// registryAuth trades an Entra access token for a refresh token of the
// registry, and that for an access token of the registry.
func (x *exchange) registryAuth() {
	switch x.to.rest {
	case "exchange":
		x.registryExchange()
	case "token":
		x.registryToken()
	default:
		x.notFound()
	}
}

func (x *exchange) registryExchange() {
	if refused := x.postForm(); refused != nil {
		x.registryError(http.StatusBadRequest, "UNSUPPORTED", refused.text)
		return
	}
	if kind := x.param("grant_type"); kind != "access_token" && kind != "access_token_refresh_token" {
		x.registryError(http.StatusBadRequest, "UNSUPPORTED", "grant_type must be access_token")
		return
	}
	if x.param("service") != x.registryName() {
		x.registryError(http.StatusBadRequest, "UNSUPPORTED", "service is not this registry")
		return
	}
	// ACR takes tokens for itself and, unless a policy forbids it, for ARM.
	claims, denied := x.judgeToken(x.param("access_token"), []string{ACRResource, ARMResource, "https://management.core.windows.net"})
	if denied != nil {
		x.challenge(denied)
		x.registryError(http.StatusUnauthorized, "UNAUTHORIZED", denied.text)
		return
	}
	if asked := x.param("tenant"); asked != "" {
		if t, refused := x.s.tenantNamed(asked); refused != nil || t.id != "" && t.id != claims.Tenant {
			x.registryError(http.StatusUnauthorized, "UNAUTHORIZED", "the token is of another tenant")
			return
		}
	}
	x.registryIssue("refresh_token", claims.Tenant, claims.Object)
}

func (x *exchange) registryToken() {
	secret, service := x.param("refresh_token"), x.param("service")
	if x.r.Method == http.MethodGet { // docker's older form: the secret by Basic
		_, secret = x.presented()
		service = x.r.URL.Query().Get("service")
	}
	claims, ok := x.registryClaims(secret, "refresh_token")
	if !ok || service != x.registryName() {
		x.challenge(&denial{code: "invalid_token", text: "no refresh token of this registry"})
		x.registryError(http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")
		return
	}
	x.registryIssue("access_token", claims.Tenant, claims.Subject)
}

func (x *exchange) registryIssue(kind, tenant, subject string) {
	now := x.s.now()
	token, err := x.s.keys.sign(registryClaims{
		Audience: x.registryName(), Issuer: registryIssuer, Subject: subject, Tenant: tenant, Grant: kind, ID: newGUID(),
		IssuedAt: now.Unix(), Expires: now.Add(registryTokenLife).Unix(), Version: "1.0",
	})
	if err != nil {
		x.registryError(http.StatusInternalServerError, "UNKNOWN", "unknown error")
		return
	}
	x.json(http.StatusOK, map[string]string{kind: token})
}

func (x *exchange) registryClaims(token, kind string) (registryClaims, bool) {
	var claims registryClaims
	if x.s.keys.open(token, &claims) != nil {
		return claims, false
	}
	return claims, claims.Issuer == registryIssuer && claims.Grant == kind && x.s.now().Unix() < claims.Expires
}

// registryUser accepts the registry's own tokens by Bearer or Basic.
func (x *exchange) registryUser(kinds ...string) (registryClaims, bool) {
	scheme, token := x.presented()
	for _, kind := range kinds {
		if kind == "refresh_token" && scheme != "basic" {
			continue // a refresh token is a password, never a bearer
		}
		if claims, ok := x.registryClaims(token, kind); ok {
			return claims, true
		}
	}
	return registryClaims{}, false
}

func (x *exchange) registryName() string { return strings.TrimPrefix(x.base(), "https://") }

func (x *exchange) registryError(status int, code, message string) {
	x.json(status, map[string]any{"errors": []any{map[string]string{"code": code, "message": message}}})
}
