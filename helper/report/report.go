// Package report is how a helper tells a failure: an exit code, and on stderr
// three lines for people or one JSON object for programs. It never writes to
// stdout.
package report

import (
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/internal/sanitize"
)

// Exit codes that a helper gives of its own; others come from authlatch.
const (
	Other     = 1
	Usage     = 2 // bad flag, input or config
	Cancelled = 4 // Ctrl-C, or a signal of the tool's
	Policy    = 7 // this host, scope or tenant may not have a token
)

// Error is a failure in a helper. Its text never holds a secret.
type Error struct {
	Code int
	// What happened, in one lowercase sentence without a final period.
	What string
	// Why, and Next, the step that helps; both may be "".
	Why  string
	Next string
	Err  error
}

// maxLine bounds a line of an error in characters: a path and a sentence.
const maxLine = 4 << 10

func (e *Error) Error() string { return e.What }
func (e *Error) Unwrap() error { return e.Err }

// Exited says that authlatch failed with Code and has told why itself.
type Exited struct{ Code int }

func (e *Exited) Error() string { return "authlatch failed" }

// Formats of errors.
const (
	Text = "text"
	JSON = "json"
)

// Write tells err in the format ("" is text) and returns the exit code.
func Write(w io.Writer, format string, err error) int { return WriteAs(w, "authlatch", format, err) }

// WriteAs is Write for a program that has a name of its own: among the output of
// the tool that runs it, it says who speaks.
func WriteAs(w io.Writer, program, format string, err error) int {
	if err == nil {
		return 0
	}
	var exited *Exited
	if errors.As(err, &exited) {
		return exited.Code
	}
	e := of(err)
	if format == JSON {
		writeJSON(w, e)
		return e.Code
	}
	lines := []string{program + ": " + sanitize.Line(e.What, maxLine)}
	for _, l := range []string{e.Why, e.Next} {
		if l = sanitize.Line(l, maxLine); l != "" {
			lines = append(lines, "  "+l)
		}
	}
	_, _ = io.WriteString(w, strings.Join(lines, "\n")+"\n") // nobody is left to tell
	return e.Code
}

func of(err error) *Error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	var c *config.Error
	if errors.As(err, &c) {
		return &Error{Code: c.ExitCode(), What: c.Error(), Next: c.Next, Err: err}
	}
	return &Error{Code: Other, What: err.Error(), Err: err}
}

func writeJSON(w io.Writer, e *Error) {
	bad := &config.Error{}
	errors.As(e.Err, &bad)
	b, err := json.Marshal(struct {
		ExitCode int    `json:"exit_code"`
		What     string `json:"what"`
		Why      string `json:"why,omitempty"`
		Next     string `json:"next,omitempty"`
		File     string `json:"file,omitempty"`
		Line     int    `json:"line,omitempty"`
		Key      string `json:"key,omitempty"`
	}{e.Code, e.What, e.Why, e.Next, bad.File, bad.Line, bad.Key})
	if err == nil {
		_, _ = w.Write(append(b, '\n'))
	}
}
