package host

import "time"

// ExitCode is what a command that fails with an error exits with.
type ExitCode int

// Exit codes, the same for every command of authlatch.
const (
	ExitOther       ExitCode = 1
	ExitUsage       ExitCode = 2 // bad flag, input or config
	ExitInteraction ExitCode = 3 // a person is needed and may not be asked here
	ExitDeclined    ExitCode = 4 // the person declined, or the code expired
	ExitUnavailable ExitCode = 5 // the provider cannot be reached or is failing
	ExitPlugin      ExitCode = 6 // a flow failed, is missing or is not trusted
	ExitPolicy      ExitCode = 7 // this host, scope or tenant may not have a token
	ExitRefused     ExitCode = 8 // the provider refused credentials, consent, access
)

// Error is every failure of package host, for errors.As. Its text never holds
// a secret.
type Error struct {
	// Code says what to do about it in general.
	Code ExitCode
	// Reason is the flow's, such as flowv1.ReasonInvalidGrant, or "" if no flow
	// was asked.
	Reason string
	// Flow is the flow that failed; "" if none was asked.
	Flow string
	// What happened, in one lowercase sentence without a final period.
	What string
	// Next is the step that helps, possibly a command to run; may be "".
	Next string

	AADSTS        int // 0 if the provider named no code
	Suberror      string
	Claims        string // what the next request has to carry
	CorrelationID string
	TraceID       string
	RetryAfter    time.Duration
	Err           error
}

func (e *Error) Error() string { return e.What }
func (e *Error) Unwrap() error { return e.Err }
