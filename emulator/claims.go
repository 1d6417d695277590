package emulator

import (
	"bytes"
	"encoding/json"
)

// requestedClaims is a claims parameter (OpenID Connect Core section 5.5).
type requestedClaims struct {
	// access holds each member of "access_token", compacted.
	access map[string]json.RawMessage
	// capabilities are the values of xms_cc: ["CP1"] from a client that can
	// answer claims challenges.
	capabilities []string
}

func parseClaims(raw string) (requestedClaims, *oauthError) {
	var c requestedClaims
	if raw == "" {
		return c, nil
	}
	var parsed struct {
		Access map[string]json.RawMessage `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(raw), &parsed); err != nil {
		return c, errMalformed("the claims parameter is not a JSON object")
	}
	c.access = map[string]json.RawMessage{}
	for name, value := range parsed.Access {
		var compact bytes.Buffer
		if err := json.Compact(&compact, value); err != nil {
			return c, errMalformed("the claims parameter is not a JSON object")
		}
		c.access[name] = compact.Bytes()
	}
	if cc, ok := c.access["xms_cc"]; ok {
		var member struct {
			Values []string `json:"values"`
		}
		if err := json.Unmarshal(cc, &member); err != nil {
			return c, errMalformed("xms_cc has no values")
		}
		c.capabilities = member.Values
	}
	return c, nil
}

// over merges c over what an earlier leg of the same sign-in asked for.
func (c requestedClaims) over(earlier requestedClaims) requestedClaims {
	merged := requestedClaims{access: map[string]json.RawMessage{}, capabilities: c.capabilities}
	for name, value := range earlier.access {
		merged.access[name] = value
	}
	for name, value := range c.access {
		merged.access[name] = value
	}
	if merged.capabilities == nil {
		merged.capabilities = earlier.capabilities
	}
	return merged
}

// satisfies reports whether a token made for c answers the challenge: each
// member of the challenge's access_token was asked for with the same value.
func satisfies(carried map[string]json.RawMessage, challenge string) bool {
	want, refused := parseClaims(challenge)
	if refused != nil {
		return false
	}
	for name, value := range want.access {
		if !sameJSON(carried[name], value) {
			return false
		}
	}
	return true
}

// sameJSON compares two values without regard to order and space.
func sameJSON(a, b json.RawMessage) bool {
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return false
	}
	p, errP := json.Marshal(x)
	q, errQ := json.Marshal(y)
	return errP == nil && errQ == nil && bytes.Equal(p, q)
}
