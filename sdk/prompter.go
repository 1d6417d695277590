package sdk

import (
	"context"
	"errors"
	"time"
)

// Prompter carries what a flow asks to the person. One call at a time. Every
// method fails with ErrDeclined, ErrUnavailable, ErrUnsupported or the
// context's error; a flow passes what it cannot handle on with fmt.Errorf's %w,
// and Serve makes the right status of it.
type Prompter interface {
	// Notice shows a message; nothing is asked.
	Notice(ctx context.Context, message string) error
	// OpenURL opens an https page. It returns when the page was opened, not when
	// the person has finished there. On ErrUnsupported an old host can still show
	// the URL by Notice.
	OpenURL(ctx context.Context, url, message string) error
	// ShowDeviceAuthorization shows a code of RFC 8628 and returns at once; the
	// host goes on showing it until the next call or the end.
	ShowDeviceAuthorization(ctx context.Context, d DeviceAuthorization) error
	// Input asks for a line of text that may be seen. name is snake_case.
	Input(ctx context.Context, name, label string) (string, error)
	// Secret asks for a line of text that may not be seen.
	Secret(ctx context.Context, name, label string) (Secret, error)
	// Confirm asks yes (nil) or no (ErrDeclined).
	Confirm(ctx context.Context, message string) error
}

// DeviceAuthorization has the fields of RFC 8628 section 3.2.
type DeviceAuthorization struct {
	UserCode                string
	VerificationURI         string
	VerificationURIComplete string // may be ""
	ExpiresIn               time.Duration
	Interval                time.Duration
	Message                 string // the provider's own words; may be ""
}

// Outcomes of an interaction other than done.
var (
	// ErrDeclined: the person said no. Unhandled, it becomes ACCESS_DENIED.
	ErrDeclined = errors.New("the person declined")
	// ErrUnavailable: no person, browser or terminal can be reached. Unhandled,
	// it becomes FLOW_UNAVAILABLE.
	ErrUnavailable = errors.New("nobody can be asked here")
	// ErrUnsupported: the host does not know this kind of interaction. Unhandled,
	// it becomes FLOW_UNAVAILABLE.
	ErrUnsupported = errors.New("the host cannot show this")
)
