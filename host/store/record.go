package store

import (
	"fmt"
	"io"
	"time"
)

// Secret is text that must not be seen: it prints, logs and marshals as
// "[redacted]"; only Reveal gives the text. The text is behind a pointer because
// fmt calls no method on a struct's unexported fields: so it prints an address.
type Secret struct {
	_    [0]func() // == would compare addresses
	text *string
}

const redacted = "[redacted]"

// NewSecret wraps text.
func NewSecret(text string) Secret { return Secret{text: &text} }

// Reveal returns the text. What receives it must not log or print it.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

func (Secret) String() string               { return redacted }
func (Secret) GoString() string             { return redacted }
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil } // for slog and JSON

// Format redacts for every verb: %d would show a struct's fields.
func (Secret) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, redacted) }

// Account is a signed-in identity as the flow named it.
type Account struct {
	// ID is opaque and unique within the issuer.
	ID          string `json:"id"`
	Username    string `json:"username,omitempty"`
	Tenant      string `json:"tenant,omitempty"`      // home tenant
	Environment string `json:"environment,omitempty"` // the issuer's host
}

// Token is a cached token. Times have a resolution of seconds.
type Token struct {
	Secret    Secret
	TokenType string
	ExpiresOn time.Time
	// RefreshOn is when to renew it ahead of expiry; zero if the provider did
	// not say.
	RefreshOn time.Time
	Scopes    []string // as granted
	Account   Account
	// ObtainedOn is this machine's time when it arrived.
	ObtainedOn time.Time
	// Claims is a hash of the claims that it was obtained with; "" is none.
	Claims string
}

// headroom is how much life a token must have left to be handed out: what MSAL
// counts as expired, and enough for the caller's own requests.
const headroom = 5 * time.Minute

// skew is how far a clock may have been set back since the token arrived. With
// more, ExpiresOn was computed on a clock that was wrong, and says nothing.
const skew = 5 * time.Minute

// Headroom is the part of the token's life in which it is no longer handed
// out: five minutes, or a quarter of its life if that is less.
func (t Token) Headroom() time.Duration {
	if t.ObtainedOn.IsZero() {
		return headroom
	}
	return max(0, min(headroom, t.ExpiresOn.Sub(t.ObtainedOn)/4))
}

// Fresh says that the token may be handed out at now.
func (t Token) Fresh(now time.Time) bool {
	if t.Secret.Reveal() == "" || t.ObtainedOn.After(now.Add(skew)) {
		return false
	}
	return t.ExpiresOn.Sub(now) > t.Headroom()
}

// RefreshDue says that the token, though fresh, should be renewed by someone
// for whom nobody waits.
func (t Token) RefreshDue(now time.Time) bool {
	return !t.RefreshOn.IsZero() && !now.Before(t.RefreshOn)
}

// Binding says which account an identity is signed in to, and by which flow.
type Binding struct {
	Identity   Identity
	Account    Account
	Flow       string
	SignedInOn time.Time
}

// StateKey is the key of the state of the flow that signed the account in.
func (b Binding) StateKey() StateKey {
	return StateKey{Flow: b.Flow, Authority: b.Identity.Authority, ClientID: b.Identity.ClientID, AccountID: b.Account.ID}
}
