package host

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

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
// a secret, and what a flow or provider wrote in it is clean and bounded.
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
	// Why in the flow's or the provider's own words; may be "".
	Why string
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

// Error says what happened and why, on one line.
func (e *Error) Error() string {
	if why := e.why(); why != "" {
		return e.What + ": " + why
	}
	return e.What
}

func (e *Error) Unwrap() error { return e.Err }

// Lines are one to three lines for a person: what happened, why, what to do
// next.
func (e *Error) Lines() []string {
	lines := []string{e.What}
	for _, l := range []string{e.why(), e.Next} {
		if l != "" {
			lines = append(lines, l)
		}
	}
	return lines
}

// why is the reason in words with what support asks for.
func (e *Error) why() string {
	var parts []string
	if code := fmt.Sprintf("AADSTS%d", e.AADSTS); e.AADSTS != 0 && !strings.Contains(e.Why, code) {
		parts = append(parts, code)
	}
	if e.CorrelationID != "" && !strings.Contains(e.Why, e.CorrelationID) {
		parts = append(parts, "correlation id "+e.CorrelationID)
	}
	if e.Why == "" && e.Reason != "" {
		parts = append([]string{e.Reason}, parts...)
	}
	why := strings.Join(parts, ", ")
	switch {
	case e.Why == "":
	case why == "":
		why = e.Why
	default:
		why = e.Why + " (" + why + ")"
	}
	if why != "" && e.Flow != "" {
		why = "flow " + e.Flow + ": " + why
	}
	return why
}

// MarshalJSON is the same as one object, for programs.
func (e *Error) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		ExitCode      ExitCode `json:"exit_code"`
		Reason        string   `json:"reason,omitempty"`
		Flow          string   `json:"flow,omitempty"`
		What          string   `json:"what"`
		Why           string   `json:"why,omitempty"`
		Next          string   `json:"next,omitempty"`
		AADSTS        int      `json:"aadsts,omitempty"`
		Suberror      string   `json:"suberror,omitempty"`
		Claims        string   `json:"claims,omitempty"`
		CorrelationID string   `json:"correlation_id,omitempty"`
		TraceID       string   `json:"trace_id,omitempty"`
		RetryAfter    int64    `json:"retry_after,omitempty"` // seconds
	}{
		e.Code, e.Reason, e.Flow, e.What, e.Why, e.Next, e.AADSTS, e.Suberror, e.Claims, e.CorrelationID, e.TraceID,
		int64(e.RetryAfter / time.Second),
	})
}
