// Package exchange is what a helper and authlatch say to each other on a miss:
// one JSON Request on the stdin of "authlatch helper-token", one JSON Answer on
// its stdout. Both sides come from one installation, so the version must match
// exactly. Failures are told by the exit code and stderr, not by an Answer.
package exchange

import (
	"errors"
	"io"

	"github.com/authlatch/authlatch/host/store"
)

// Version of the exchange. Anything that an older peer would misread raises it.
const Version = 1

// Command is authlatch's hidden command.
const Command = "helper-token"

// ErrVersion says that the two binaries are of different installations.
var ErrVersion = errors.New("helper and authlatch are of different versions")

// Request asks for one token.
type Request struct {
	Version int `json:"version"`
	// Client is the helper: "kubectl".
	Client string `json:"client"`
	// Profile and Config as the helper's flags gave them; empty is not given.
	Profile string `json:"profile,omitempty"`
	Config  string `json:"config,omitempty"`
	// Scopes are never empty.
	Scopes []string `json:"scopes"`
	// Tenant asked for; empty is the profile's.
	Tenant string `json:"tenant,omitempty"`
	Claims string `json:"claims,omitempty"`
	// IDToken asks for an ID token.
	IDToken bool `json:"id_token,omitempty"`
	// TokenType is "Bearer" (also when empty) or "pop".
	TokenType string `json:"token_type,omitempty"`
	ReqCnf    string `json:"req_cnf,omitempty"`
	KeyID     string `json:"key_id,omitempty"`
	// Interaction is "auto" (also when empty), "never" or "force".
	Interaction string `json:"interaction,omitempty"`
	// ErrorFormat is "text" (also when empty) or "json".
	ErrorFormat string `json:"error_format,omitempty"`
}

// Answer is the token.
type Answer struct {
	Token store.Token
}

// ReadRequest reads one Request, to the end of r.
func ReadRequest(r io.Reader) (Request, error) { return Request{}, errors.ErrUnsupported }

// WriteRequest writes one Request and fills in Version.
func WriteRequest(w io.Writer, r Request) error { return errors.ErrUnsupported }

// ReadAnswer reads one Answer, to the end of r.
func ReadAnswer(r io.Reader) (Answer, error) { return Answer{}, errors.ErrUnsupported }

// WriteAnswer writes one Answer.
func WriteAnswer(w io.Writer, a Answer) error { return errors.ErrUnsupported }
