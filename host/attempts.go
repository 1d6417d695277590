package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/authlatch/authlatch/host/store"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// asked is what a sign-in has asked of whom. A nil one is a silent call's.
type asked struct {
	person, source atomic.Bool
	// recorded is done with what came of it.
	recorded sync.Once
}

// answered says that one of the host's own sources has answered for the person.
func (a *asked) answered() {
	if a != nil {
		a.source.Store(true)
	}
}

// begin says that something is being put to the person, unless it is a mere
// notice; reached is called with what has become of it, and not if that is never
// known.
func (a *asked) begin(notice bool) (reached func(Outcome)) {
	if a == nil || notice {
		return func(Outcome) {}
	}
	before := a.person.Swap(true)
	return func(o Outcome) {
		if o != Done && o != Declined {
			a.person.Store(before)
		}
	}
}

// prompted says that a sign-in which ended with e must not be repeated before the
// pause: the person was asked, or it was they who ended it, or the provider has
// refused a password that was given beforehand, of which too many lock the
// account. What has asked nobody may be tried again at once.
func (a *asked) prompted(e *Error) bool {
	return a.person.Load() || e.Code == ExitDeclined || a.source.Load() && e.Code == ExitRefused && !aboutRequest(e)
}

// aboutRequest says that the provider has refused what was asked for, and not the
// person: another request may be served.
func aboutRequest(e *Error) bool { return slices.Contains(ofRequest, e.Reason) }

// failed records how a sign-in has failed and returns err. A failure of this
// machine's or process's own (no browser, a missing flow) is none for others, and
// a caller who leaves is no answer to those who wait.
func (h *Host) failed(ctx context.Context, j *job, a *asked, err error) error {
	var e *Error
	if !errors.As(err, &e) || abandoned(ctx) {
		return err
	}
	prompted := a.prompted(e)
	if !prompted && e.Code != ExitUnavailable {
		return err
	}
	var of store.Attempted = j.identity
	if aboutRequest(e) {
		of = j.key
	}
	a.recorded.Do(func() {
		h.store.Failed(of, store.Failure{
			Prompted: prompted, Cancelled: errors.Is(err, ErrCancelled), ExitCode: int(e.Code), Reason: e.Reason, Flow: e.Flow,
			AADSTS: e.AADSTS, Suberror: e.Suberror, CorrelationID: e.CorrelationID, TraceID: e.TraceID, Cause: err,
		})
	})
	return err
}

// recordCancel records the person's cancel as soon as it comes, because the flow may
// take seconds to clean up, and a helper in a hurry may kill this process meanwhile:
// those who wait must not ask the person again. end is called in the end, and takes it
// back if there is a token all the same.
func (h *Host) recordCancel(ctx context.Context, j *job, a *asked) (end func(succeeded bool)) {
	stop := context.AfterFunc(ctx, func() {
		if cause := context.Cause(ctx); errors.Is(cause, ErrCancelled) {
			_ = h.failed(ctx, j, a, ended(cause, ExitDeclined))
		}
	})
	return func(succeeded bool) {
		if !stop() && succeeded {
			a.recorded.Do(func() {}) // or waits until it is
			h.store.ForgetAttempts(j.identity)
		}
	}
}

// abandoned says that ctx ended because its callers left, not because the person
// cancelled or did not finish.
func abandoned(ctx context.Context) bool {
	cause := context.Cause(ctx)
	return cause != nil && !errors.Is(cause, errNotFinished) && !errors.Is(cause, ErrCancelled)
}

// attempts are how sign-ins have failed that a job would repeat.
type attempts struct{ person, request store.Attempts }

func (h *Host) attempts(j *job) attempts {
	return attempts{h.store.Attempts(j.identity), h.store.Attempts(j.key)}
}

// since is the failure that has come since before was read.
func (a attempts) since(before attempts) (store.Failure, bool) {
	if a.person.After(before.person) {
		return a.person.Last, true
	}
	return a.request.Last, a.request.After(before.request)
}

// pause is for how much longer nobody may be asked again, and why.
func (a attempts) pause(now time.Time) (time.Duration, store.Attempts) {
	person, request := a.person.Pause(now), a.request.Pause(now)
	if person >= request {
		return person, a.person
	}
	return request, a.request
}

// failedMeanwhile is the error of who has waited for a sign-in that failed: the
// very same, or what another process has left of it.
func (h *Host) failedMeanwhile(j *job, f store.Failure) error {
	if f.Cause != nil {
		return f.Cause
	}
	e := errorOf(f)
	e.What = fmt.Sprintf("%s, in another process (%s)", e.What, f.Process)
	if e.Next = h.nextStep(j, e); e.Next == "" {
		e.Next = "run: " + h.loginCommand(j, Login{Flow: j.Flow})
	}
	return e
}

// paused is the error of who may not ask again yet.
func (h *Host) paused(j *job, failed store.Attempts, pause time.Duration) error {
	e := errorOf(failed.Last)
	pause = max(pause.Round(time.Second), time.Second)
	times := "a sign-in has failed"
	if failed.Prompts > 1 {
		times = fmt.Sprintf("%d sign-ins in a row have failed", failed.Prompts)
	}
	e.Why = fmt.Sprintf("%s: %s", failed.Last.Process, e.What)
	if e.Reason != "" {
		e.Why += ", " + e.Reason
	}
	e.What = fmt.Sprintf("%s, and nobody is asked again for %s", times, short(pause))
	e.Code, e.RetryAfter = ExitInteraction, pause
	e.Next = "run: " + h.loginCommand(j, Login{Flow: j.Flow, Claims: j.Claims})
	return e
}

// errorOf is a failure as its error was, but for the provider's own words.
func errorOf(f store.Failure) *Error {
	e := &Error{
		Code: ExitCode(f.ExitCode), Reason: f.Reason, Flow: f.Flow, AADSTS: f.AADSTS, Suberror: f.Suberror,
		CorrelationID: f.CorrelationID, TraceID: f.TraceID,
	}
	if e.Code <= 0 || e.Code > ExitRefused {
		e.Code = ExitOther
	}
	switch {
	case f.Cancelled:
		e.What, e.Err = signInCancelled, ErrCancelled
	case f.Reason != "" && f.Reason != flowv1.ReasonFlowUnavailable:
		e.What = ruleOf(f.Reason, f.AADSTS).what
	case e.Code == ExitDeclined:
		e.What, e.Err = errNotFinished.Error(), errNotFinished
	case e.Code == ExitPlugin:
		e.What = "the flow failed"
	default:
		e.What = rules[reasonUnknown].what
	}
	return e
}

// locked is the error of who waited for a lock until its context ended.
func locked(ctx context.Context, err error, late ExitCode) *Error {
	e := ended(context.Cause(ctx), late)
	var l *store.LockedError
	if errors.As(err, &l) {
		e.Why = "it waited for " + l.Held.Words(l.At)
		e.Err = errors.Join(e.Err, err)
		if errors.Is(e.Err, context.DeadlineExceeded) && l.Held.PID != 0 {
			e.Next = fmt.Sprintf("end what that process does, or the process (%s), and try again", l.Held.Process)
		}
	}
	return e
}
