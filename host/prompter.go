package host

import (
	"context"
	"time"
)

// Prompter carries interactions to the person: a terminal, a window, nobody.
// The host calls it one interaction at a time.
type Prompter interface {
	// Prompt carries one interaction and answers it. For a DeviceAuthorization or
	// OpenURL it answers as soon as that is shown or opened, and may go on showing
	// it until ctx ends: ctx lives until the next interaction or the end of the
	// sign-in, not merely until Prompt returns. An error ends the sign-in and is
	// returned to the caller; it is for a person who cancels, not for Declined.
	Prompt(ctx context.Context, i Interaction) (Answer, error)
}

// Finisher is a Prompter that may go on showing something. The host calls Finish
// at the end of each flow, after the last interaction's ctx has ended; it
// returns when nothing of it is shown any more.
type Finisher interface{ Finish() }

// Interaction is one thing that a flow asks of the person, as data. All text in
// it that a flow or a provider wrote is stripped of control and bidirectional
// characters and bounded.
type Interaction struct {
	// Flow is the name of the flow that asks.
	Flow string
	// Profile and Tenant say what the person is signing in to.
	Profile string
	Tenant  string
	// Kind is one of Notice, OpenURL, DeviceAuthorization, Input, Confirm.
	Kind Kind
	// Cancel ends the sign-in on the person's wish, also after Prompt has
	// returned. It may be called more than once.
	Cancel func()
}

// Kind is one of the five kinds of interaction of this package.
type Kind interface{ kind() }

// Notice tells the person something.
type Notice struct{ Message string }

// OpenURL asks for an https page in the person's browser.
type OpenURL struct{ URL, Message string }

// DeviceAuthorization is a code to enter on another device (RFC 8628).
type DeviceAuthorization struct {
	UserCode                string
	VerificationURI         string
	VerificationURIComplete string    // may be empty
	ExpiresOn               time.Time // zero if unknown
	Message                 string    // the provider's own words; may be empty
}

// Input asks for one line of text, hidden if Secret.
type Input struct {
	Name   string // snake_case, such as "password"
	Label  string
	Secret bool
}

// Confirm asks yes or no.
type Confirm struct{ Message string }

func (Notice) kind()              {}
func (OpenURL) kind()             {}
func (DeviceAuthorization) kind() {}
func (Input) kind()               {}
func (Confirm) kind()             {}

// Answer is the outcome of an interaction. The zero value is not an answer.
type Answer struct {
	Outcome Outcome
	// Value is the text of an Input that is Done.
	Value Secret
}

// Outcome of an interaction.
type Outcome int

// Outcomes.
const (
	// Done: shown, opened, entered, or yes.
	Done Outcome = iota + 1
	// Declined: the person said no.
	Declined
	// Unavailable: no person, browser or terminal can be reached.
	Unavailable
	// Unsupported: this Prompter cannot carry that kind.
	Unsupported
)
