package launch

import (
	"fmt"
	"time"
)

// FlowError is a failure that the flow itself reports: a gRPC status with our
// ErrorInfo. Its texts are one clean, bounded line each; Claims is valid JSON, as
// sent, or "".
type FlowError struct {
	Flow    string
	Reason  string // such as flowv1.ReasonInvalidGrant; an open set
	Message string // for people; may be ""

	AADSTS        int // 0 if there is none
	Suberror      string
	Claims        string // what the next sign-in has to carry
	CorrelationID string
	TraceID       string
	RetryAfter    time.Duration
}

func (e *FlowError) Error() string {
	if e.Message == "" {
		return fmt.Sprintf("flow %s: %s", e.Flow, e.Reason)
	}
	return fmt.Sprintf("flow %s: %s", e.Flow, e.Message)
}

// PluginError is everything else that a flow can do wrong: it does not start,
// dies, times out, breaks the protocol or fails without saying why.
type PluginError struct {
	Flow string
	// What the flow did, following its name: "died before the handshake". One
	// clean, bounded line.
	What string
	// Err is the cause for errors.Is and errors.As; may be nil. Its text is not
	// part of Error's.
	Err error
}

func (e *PluginError) Error() string { return fmt.Sprintf("flow %s %s", e.Flow, e.What) }

func (e *PluginError) Unwrap() error { return e.Err }
