package entra

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/authlatch/authlatch/internal/sanitize"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
	"github.com/authlatch/authlatch/sdk"
)

// invalidRequest is the error for a setting that cannot be served.
func invalidRequest(format string, args ...any) error {
	return &sdk.Error{Reason: flowv1.ReasonInvalidRequest, Message: fmt.Sprintf(format, args...)}
}

// isScope is RFC 6749 section 3.3's scope-token.
func isScope(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' })
}

const (
	letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	digits  = "0123456789"
)

// openIDScopes are added by MSAL to every request; asked for by the caller,
// offline_access fails and the others count as declined if the answer omits them.
var openIDScopes = []string{"openid", "profile", "offline_access"}

// cleanScopes drops what MSAL adds itself. If nothing is left it asks for openid
// alone, where that makes sense: an ID token, or an access token for the
// provider's own userinfo.
func cleanScopes(scopes []string, idToken bool) ([]string, error) {
	var out []string
	for _, s := range scopes {
		if !isScope(s) {
			return nil, &sdk.Error{Reason: flowv1.ReasonInvalidScope, Message: fmt.Sprintf("scope %q is malformed", sanitize.Line(s, 100))}
		}
		if !slices.Contains(openIDScopes, s) && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	if len(out) > 0 {
		return out, nil
	}
	if idToken || len(scopes) > 0 {
		return []string{"openid"}, nil
	}
	return nil, &sdk.Error{Reason: flowv1.ReasonInvalidScope, Message: "no scope was given"}
}

// maxClaims bounds a claims request; real ones are a few hundred bytes.
const maxClaims = 8 << 10

func isCapability(s string) bool {
	return s != "" && len(s) <= 64 && strings.Trim(s, letters+digits+"_.-") == ""
}

// cleanClaims checks the claims request and takes capabilities that it already
// names (access_token.xms_cc) out of it, because MSAL refuses to merge the two.
func cleanClaims(claims string, capabilities []string) (string, []string, error) {
	caps := slices.Clone(capabilities)
	for _, c := range caps {
		if !isCapability(c) {
			return "", nil, invalidRequest("client capability %q is malformed", sanitize.Line(c, 100))
		}
	}
	if claims == "" {
		return "", caps, nil
	}
	obj, ok := claimsObject(claims)
	if !ok {
		return "", nil, invalidRequest("claims is not a JSON object; it must not be base64 encoded")
	}
	at, _ := obj["access_token"].(map[string]any)
	xmsCC, ok := at["xms_cc"].(map[string]any)
	if !ok || len(caps) == 0 {
		return claims, caps, nil
	}
	values, _ := xmsCC["values"].([]any)
	for _, v := range values {
		if s, ok := v.(string); ok && isCapability(s) && !slices.Contains(caps, s) {
			caps = append(caps, s)
		}
	}
	delete(at, "xms_cc")
	if len(at) == 0 {
		delete(obj, "access_token")
	}
	if len(obj) == 0 {
		return "", caps, nil
	}
	b, err := json.Marshal(obj)
	if err != nil {
		return "", nil, invalidRequest("claims cannot be sent: %v", err)
	}
	return string(b), caps, nil
}

func claimsObject(claims string) (map[string]any, bool) {
	if len(claims) > maxClaims {
		return nil, false
	}
	var obj map[string]any
	if err := json.Unmarshal([]byte(claims), &obj); err != nil || obj == nil {
		return nil, false
	}
	return obj, true
}

// mergeClaims returns base with more laid over it; objects are merged. What is
// not an object is ignored.
func mergeClaims(base, more string) string {
	m, ok := claimsObject(more)
	if !ok {
		return base
	}
	b, ok := claimsObject(base)
	if !ok {
		return more
	}
	out, err := json.Marshal(overlay(b, m))
	if err != nil || len(out) > maxClaims {
		return base
	}
	return string(out)
}

func overlay(dst, src map[string]any) map[string]any {
	for k, v := range src {
		if s, ok := v.(map[string]any); ok {
			if d, ok := dst[k].(map[string]any); ok {
				dst[k] = overlay(d, s)
				continue
			}
		}
		dst[k] = v
	}
	return dst
}

// checkTokenType accepts "Bearer" and a complete "pop".
func checkTokenType(req *sdk.Request) error {
	switch {
	case req.TokenType == "" || strings.EqualFold(req.TokenType, "Bearer"):
		return nil
	case !isPoP(req):
		return invalidRequest("token type %q is not known", sanitize.Line(req.TokenType, 50))
	case req.IDToken:
		return invalidRequest("an ID token cannot be bound to a key")
	case req.ReqCnf == "" || req.KeyID == "":
		return invalidRequest("a bound token needs req_cnf and key_id")
	}
	return nil
}
