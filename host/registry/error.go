package registry

import (
	"fmt"
	"strings"

	"github.com/authlatch/authlatch/host/launch"
)

// NotFoundError says that there is no flow of that name.
type NotFoundError struct {
	Name string
	// Candidates are the names that there are.
	Candidates []string
	// Searched are the directories.
	Searched []string
}

func (e *NotFoundError) Error() string {
	if len(e.Candidates) == 0 {
		return fmt.Sprintf("no flow %q: there are no flows in %s", e.Name, strings.Join(e.Searched, ", "))
	}
	return fmt.Sprintf("no flow %q: there are %s", e.Name, strings.Join(e.Candidates, ", "))
}

// NotTrustedError says that a flow may not run.
type NotTrustedError struct {
	Name, Path string
	Reason     string // as in Entry
	// Want is the SHA-256 that was trusted and Got the one that is there, in
	// lowercase hex; "" if there is none.
	Want, Got string
	// Next is the step that helps; may be "".
	Next string
}

func (e *NotTrustedError) Error() string {
	return fmt.Sprintf("flow %s is not trusted: %s %s", e.Name, e.Path, e.Reason)
}

// Sums compares what was trusted with what is there, in words; "" if nothing was
// trusted.
func (e *NotTrustedError) Sums() string {
	switch {
	case e.Want == "":
		return ""
	case e.Got == "":
		return "trusted with sha256 " + e.Want + ", now unreadable"
	case e.Got == e.Want:
		return "trusted with sha256 " + e.Want + ", which it still has"
	}
	return "trusted with sha256 " + e.Want + ", now " + e.Got
}

// Changed is the NotTrustedError for a flow that the launcher found changed.
func Changed(err *launch.ChangedError) *NotTrustedError {
	return &NotTrustedError{Name: err.Flow, Path: err.Path, Reason: changed, Want: err.Want, Got: err.Got, Next: trustAgain(err.Flow)}
}

const (
	changed      = "has changed"
	neverTrusted = "does not belong to the installation"
)

func trustAgain(name string) string {
	return "if you know why it changed, look at it again: authlatch flow trust " + name
}
