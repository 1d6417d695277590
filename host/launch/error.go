package launch

import (
	"context"
	"fmt"
	"time"

	"github.com/authlatch/authlatch/internal/sanitize"
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

// pluginError makes the PluginError "flow NAME what".
func pluginError(flow string, err error, format string, args ...any) error {
	return &PluginError{Flow: flow, What: sanitize.Line(fmt.Sprintf(format, args...), maxWhat), Err: err}
}

// startError is err, or that one of the bounds has passed: the caller's or,
// with late, that of starting.
func (l *Launcher) startError(ctx context.Context, flow string, late, err error) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("flow %s: %w", flow, ctx.Err())
	case late != nil:
		return pluginError(flow, nil, "did not start within %v", orDefault(l.StartTimeout, DefaultStartTimeout))
	}
	return err
}
