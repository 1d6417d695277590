package host

import (
	"fmt"
	"io"
	"log/slog"
	"time"
	"unique"

	"github.com/authlatch/authlatch/host/store"
)

// Secret is text that must not be seen. It prints, logs and marshals as
// "[redacted]", whatever the verb; only Reveal gives the text. The zero value is
// the empty text.
type Secret struct {
	// Not a string: fmt calls no method of what is in an unexported field of a
	// struct that it prints. Of a handle it shows the address there. It is one
	// that == compares, and that costs a caller with the same text no allocation.
	text unique.Handle[string]
}

const redacted = "[redacted]"

// NewSecret wraps text.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{unique.Make(text)}
}

// Reveal returns the text. What receives it must not log or print it.
func (s Secret) Reveal() string {
	if s == (Secret{}) {
		return "" // the zero handle has no value
	}
	return s.text.Value()
}

// Format is for package fmt.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

func (Secret) String() string               { return redacted }
func (Secret) GoString() string             { return redacted }
func (Secret) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// InteractionMode says whether a person may be asked.
type InteractionMode int

// Modes of interaction.
const (
	// Auto asks a person only if nothing silent works.
	Auto InteractionMode = iota
	// Never fails with a *Error of exit code 3 where a person is needed.
	Never
	// Force asks even if a cached or renewed token would do.
	Force
)

// TokenRequest is what a caller asks for. The zero value asks for an access
// token of the cloud's Resource Manager in the profile's tenant.
type TokenRequest struct {
	// Scopes as the provider spells them. Empty means the cloud's Resource Manager.
	Scopes []string
	// Tenant other than the profile's; it must be allowed by the profile.
	Tenant string
	// Claims is an OpenID Connect claims request (JSON) from a claims challenge.
	// A request with claims never reads the cache.
	Claims string
	// IDToken asks for an ID token instead of an access token.
	IDToken bool
	// TokenType is "Bearer" (also when empty) or "pop", which needs ReqCnf and KeyID.
	TokenType string
	ReqCnf    string
	KeyID     string
	// Registry asks for a refresh token of this Azure Container Registry instead:
	// its login server, host and port unless that is 443. The host exchanges the
	// registry's token for it, with that registry and nobody else. Scopes may be
	// empty. The Token's TokenType is then "acr".
	Registry string
	// Interaction says whether a person may be asked.
	Interaction InteractionMode
	// Flow, if set, is the only flow that may ask the person.
	Flow string
}

// Token is what a caller gets.
type Token struct {
	Secret    Secret
	TokenType string // "Bearer", "pop" or, for a registry, "acr"
	ExpiresOn time.Time
	RefreshOn time.Time // zero if unknown
	Scopes    []string
	Account   Account
}

// Account is a signed-in identity.
type Account = store.Account
