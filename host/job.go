package host

import (
	"fmt"
	"slices"
	"strings"

	"github.com/authlatch/authlatch/host/store"
)

// tokenTypePoP is a token bound to a key (RFC 7800, Entra ID's "pop").
const tokenTypePoP = "pop"

// shippedFlows come with authlatch. What they can do is known without asking
// them, and only they may use the Azure CLI's client.
var shippedFlows = []string{"browser", "devicecode", passwordFlow}

const passwordFlow = "password"

// browserFlow can ask for a second factor and for consent.
const browserFlow = "browser"

// deviceFlow needs no browser on this machine.
const deviceFlow = "devicecode"

func shipped(flow string) bool { return slices.Contains(shippedFlows, flow) }

// job is a TokenRequest that has been checked, with all that follows from it.
type job struct {
	TokenRequest // Scopes sorted, Tenant never empty unless the profile has none
	identity     store.Identity
	key          store.TokenKey
	// flight is the same for requests that can share an answer.
	flight string
	// before is the token that there was when a request with claims began; nil
	// until then.
	before *store.Token
}

// newJob checks a request. Its errors are *Error of code 2, or 7 for a tenant
// that the profile does not allow.
func (h *Host) newJob(req TokenRequest) (*job, error) {
	s := h.settings
	if req.Registry != "" {
		if err := h.forRegistry(&req); err != nil {
			return nil, err
		}
	}
	if len(req.Scopes) > 0 || !req.IDToken {
		scopes, err := s.Scopes(req.Scopes, "")
		if err != nil {
			return nil, h.usage(err)
		}
		req.Scopes = scopes
	}
	if err := s.CheckTenant(req.Tenant); err != nil {
		return nil, h.usage(err)
	}
	if req.Tenant == "" {
		req.Tenant = s.Tenant
	}
	err := req.check()
	if req.Claims != "" && err == nil {
		var ok bool
		if req.Claims, ok = cleanClaims(req.Claims); !ok {
			err = fmt.Errorf("claims is not a JSON object of at most %d bytes; it must not be base64 encoded", maxClaims)
		}
	}
	if err != nil {
		return nil, &Error{Code: ExitUsage, What: err.Error(), Err: err}
	}
	if req.Flow != "" && !slices.Contains(s.Flows, req.Flow) && !shipped(req.Flow) {
		return nil, &Error{
			Code: ExitUsage, Flow: req.Flow, What: fmt.Sprintf("profile %s does not list the flow %q", s.Profile, req.Flow),
			Next: fmt.Sprintf("add it to flows in [profiles.%s]", s.Profile),
		}
	}
	j := &job{TokenRequest: req, identity: s.Identity(), key: s.TokenKey(req.Scopes, req.Tenant)}
	j.key.IDToken, j.key.TokenType, j.key.KeyID, j.key.Registry = req.IDToken, req.TokenType, req.KeyID, req.Registry
	// The identity is the Host's own. %q keeps the fields apart.
	j.flight = fmt.Sprintf("%q %q %t %q %q %q %d %q %q", req.Scopes, req.Tenant, req.IDToken, strings.ToLower(req.TokenType),
		req.KeyID, req.Claims, req.Interaction, req.Flow, req.Registry)
	return j, nil
}

func (r TokenRequest) check() error {
	switch {
	case r.TokenType != "" && !strings.EqualFold(r.TokenType, "Bearer") && r.TokenType != tokenTypePoP:
		return fmt.Errorf("there is no token type %q; known are Bearer and %s", r.TokenType, tokenTypePoP)
	case r.TokenType == tokenTypePoP && (r.ReqCnf == "" || r.KeyID == ""):
		return fmt.Errorf("a bound token needs req_cnf and key_id")
	case r.TokenType == tokenTypePoP && r.IDToken:
		return fmt.Errorf("an ID token cannot be bound to a key")
	case r.Registry != "" && (r.TokenType == tokenTypePoP || r.IDToken):
		return fmt.Errorf("a registry takes only bearer access tokens")
	case r.Interaction < Auto || r.Interaction > Force:
		return fmt.Errorf("there is no interaction mode %d", r.Interaction)
	}
	return nil
}
