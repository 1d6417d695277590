// Package sdk is what the author of a flow imports: one interface to
// implement and one function to call from main. It carries the stream of
// docs/protocol.md, so that an author sees none of it.
//
// It never touches the host's store, terminal or configuration, and it imports
// nothing of package host.
package sdk

import (
	"context"
	"time"
)

// Flow is one way to authenticate a user. A process serves one request, so an
// implementation need not be safe for concurrent use and keeps nothing between
// requests: what it knows arrives in Request, what must last leaves in Token.
type Flow interface {
	// Describe says what the flow is. It does no I/O.
	Describe() Description

	// GetToken authenticates the user. ctx ends at the request's deadline, when
	// the person cancels, and when the host is gone. p is valid until GetToken
	// returns. A failure is best returned as *Error; any other error is shown as
	// the plugin's own failure.
	GetToken(ctx context.Context, req *Request, p Prompter) (*Token, error)
}

// Preparer is a Flow that can use the time until there is a request.
type Preparer interface {
	// Prepare is called once in a flow's process, beside whatever else begins
	// there, and may outlast GetToken's call. It does what takes long and is the
	// same for every request; it sends nothing and asks for nothing. ahead is what
	// the host has said already.
	Prepare(ahead Ahead)
}

// Ahead is what is known of a request before it is there.
type Ahead struct {
	// CABundle: the request has one.
	CABundle bool
}

// Description is the answer to the protocol's Describe.
type Description struct {
	// Name is lowercase letters, digits and dashes: NAME of authlatch-flow-NAME.
	Name string
	// Version is the flow's own, for people.
	Version string
	// Features are from docs/protocol.md: "entra", "pop", ….
	Features []string
	Options  []Option
}

// OptionKind is how an option's value is written.
type OptionKind int

// Kinds of options. Durations are written as time.ParseDuration reads them.
const (
	OptionString OptionKind = iota + 1
	OptionBool
	OptionInteger
	OptionDuration
)

// Option is one setting that a profile may give the flow.
type Option struct {
	Name     string // snake_case
	Kind     OptionKind
	Required bool
	Secret   bool   // a profile holds a reference, never the value
	Help     string // one sentence
	Default  string // as it would be written; "" if there is none
}

// Mode says whether a person may be asked.
type Mode int

// Modes of interaction.
const (
	// Never: redeem Request.State or fail with InteractionRequired.
	Never Mode = iota + 1
	// IfNeeded: try State first, then ask.
	IfNeeded
	// Force: ask even if State would do.
	Force
)

// Request is what the host asks for (Start in flow.proto).
type Request struct {
	Scopes []string
	// Authority is an https URL without the tenant.
	Authority          string
	Tenant             string
	ClientID           string
	Username           string // a hint; may be ""
	Claims             string // OpenID Connect claims request (JSON); may be ""
	ClientCapabilities []string
	// IDToken asks for an ID token instead of an access token.
	IDToken bool
	// TokenType is "Bearer" or "pop".
	TokenType string
	// ReqCnf and KeyID bind a "pop" token to a key that the host holds.
	ReqCnf  string
	KeyID   string
	Options map[string]string
	Mode    Mode
	// State is what this flow last returned for this account; nil at first.
	State []byte
	// Account is whom State belongs to; nil at first.
	Account *Account
	// CABundle is PEM to trust besides the system's roots.
	CABundle                 []byte
	DisableInstanceDiscovery bool
}

// Account is a signed-in identity.
type Account struct {
	ID          string // opaque, unique within the issuer
	Username    string
	Tenant      string // home tenant; may be ""
	Environment string // the issuer's host
}

// Token is the answer (Token in flow.proto).
type Token struct {
	// Secret is the access token, or the ID token if that was asked for.
	Secret    Secret
	TokenType string // "Bearer" if empty
	ExpiresOn time.Time
	RefreshOn time.Time // zero leaves it to the host
	Scopes    []string  // those granted; nil means those asked for
	Account   Account
	// State must hold no access tokens: at most 1 MiB, opaque to the host.
	State []byte
}
