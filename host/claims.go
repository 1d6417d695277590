package host

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"unicode/utf16"
)

// maxClaims bounds a claims request, in bytes; those of Entra ID have a few
// hundred, and our flows take 8 KiB.
const maxClaims = 8 << 10

// cleanClaims returns a claims request as one line of ASCII, because it is shown
// within a command; ok is false if it is none.
func cleanClaims(s string) (_ string, ok bool) {
	var object map[string]json.RawMessage
	var line bytes.Buffer
	if len(s) > maxClaims || json.Unmarshal([]byte(s), &object) != nil || object == nil || json.Compact(&line, []byte(s)) != nil {
		return "", false
	}
	var out bytes.Buffer
	for _, r := range line.String() {
		switch {
		case r < 0x7f:
			out.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.String(), out.Len() <= maxClaims
}

// hashOf is what is kept of the claims with which a token was obtained, to know the
// same ones again; "" for none.
func hashOf(claims string) string {
	if claims == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(claims))
	return hex.EncodeToString(sum[:])
}

// mergeClaims lays the provider's claims over the caller's, which are clean:
// both hold in the next request. What is not a claims request is left out.
func mergeClaims(base, more string) string {
	more, ok := cleanClaims(more)
	switch {
	case !ok:
		return base
	case base == "":
		return more
	}
	var b, m map[string]any
	if json.Unmarshal([]byte(base), &b) != nil || json.Unmarshal([]byte(more), &m) != nil {
		return base
	}
	merged, err := json.Marshal(overlay(b, m))
	if err != nil {
		return base
	}
	if clean, ok := cleanClaims(string(merged)); ok {
		return clean
	}
	return base
}

func overlay(dst, src map[string]any) map[string]any {
	for k, v := range src {
		if s, ok := v.(map[string]any); ok {
			if d, ok := dst[k].(map[string]any); ok {
				v = overlay(d, s)
			}
		}
		dst[k] = v
	}
	return dst
}
