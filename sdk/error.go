package sdk

import (
	"time"
)

// Error is a failure that the host understands: docs/protocol.md has the table
// from reason to what the host does and its exit code.
type Error struct {
	// Reason is an OAuth or OpenID Connect code in upper snake case, such as
	// flowv1.ReasonInvalidGrant. The set is open.
	Reason string
	// Message is one lowercase sentence for people, without secrets and without
	// a final period.
	Message string
	// AADSTS is Entra ID's error number; 0 if there is none.
	AADSTS        int
	Suberror      string
	Claims        string // JSON; what the next sign-in has to carry
	CorrelationID string
	TraceID       string
	RetryAfter    time.Duration
	// Err is the cause, for the flow's own use; it does not travel.
	Err error
}

func (e *Error) Error() string {
	if e.Message == "" {
		return e.Reason
	}
	return e.Message
}

func (e *Error) Unwrap() error { return e.Err }
