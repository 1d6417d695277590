package host

import (
	"errors"

	"github.com/authlatch/authlatch/host/launch"
	"github.com/authlatch/authlatch/host/registry"
)

// notFound is the error for a flow that is not there or may not run.
func (h *Host) notFound(flow string, err error) *Error {
	e := &Error{Code: ExitPlugin, Flow: flow, What: err.Error(), Err: err}
	var missing *registry.NotFoundError
	var untrusted *registry.NotTrustedError
	switch {
	case errors.As(err, &missing):
		e.Next = "install it, or name another in flows of [profiles." + h.settings.Profile + "]"
	case errors.As(err, &untrusted):
		e.Why, e.Next = untrusted.Sums(), untrusted.Next
		if e.Next == "" {
			e.Next = "see which flows may run and why: authlatch flow list"
		}
	}
	return e
}

// changed is the error for a flow that turned out to be another than the one that
// was pinned when it was about to run.
func changed(err *launch.ChangedError) *Error {
	told := registry.Changed(err)
	return &Error{Code: ExitPlugin, Flow: err.Flow, What: told.Error(), Why: told.Sums(), Next: told.Next, Err: err}
}
