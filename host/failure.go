package host

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/authlatch/authlatch/host/launch"
	"github.com/authlatch/authlatch/internal/aadsts"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// timeout is a bound of the host's own.
type timeout string

func (t timeout) Error() string { return string(t) }

// Is makes it a deadline's error.
func (timeout) Is(target error) bool { return target == context.DeadlineExceeded }

var (
	errNoAnswer    error = timeout("there was no answer in time")
	errNotFinished error = timeout("the sign-in was not finished in time")
)

// flowUnavailable is the error of a flow that cannot work here.
type flowUnavailable struct{ why *Error }

func (e *flowUnavailable) Error() string { return e.why.Error() }
func (e *flowUnavailable) Unwrap() error { return e.why }

// judge turns a launch's failure into *Error, *personNeeded or
// *flowUnavailable, as the table of reasons says. j is nil for Describe.
func (h *Host) judge(ctx context.Context, j *job, c call, err error) error {
	late := ExitDeclined
	if c.silent || j == nil {
		late = ExitUnavailable
	}
	var failed *launch.FlowError
	var plugin *launch.PluginError
	var other *launch.ChangedError
	switch {
	case errors.Is(err, errNoPassword):
		return &Error{Code: ExitUsage, Flow: c.flow, What: errNoPassword.Error(), Next: "run: " + h.loginCommand(j, Login{Flow: j.Flow}), Err: err}
	case errors.Is(err, ErrCancelled):
		return &Error{Code: ExitDeclined, Flow: c.flow, What: signInCancelled, Err: err}
	case errors.Is(context.Cause(ctx), ErrCancelled): // the flow says only that its context ended
		return &Error{Code: ExitDeclined, Flow: c.flow, What: signInCancelled, Err: errors.Join(ErrCancelled, err)}
	case errors.As(err, &failed):
		return h.flowFailed(j, c, failed)
	case ctx.Err() != nil:
		e := ended(context.Cause(ctx), late)
		e.Flow = c.flow
		return e
	case errors.As(err, &other):
		return changed(other)
	case errors.As(err, &plugin):
		return &Error{
			Code: ExitPlugin, Flow: c.flow, What: plugin.Error(), Err: err,
			Next: "see what it wrote with --log-level debug, and report it to its author",
		}
	}
	return &Error{Code: ExitPlugin, Flow: c.flow, What: "the flow " + c.flow + " cannot be started: " + err.Error(), Err: err}
}

func (h *Host) flowFailed(j *job, c call, f *launch.FlowError) error {
	r := ruleOf(f.Reason, f.AADSTS)
	claims, _ := cleanClaims(f.Claims)
	e := &Error{
		Code: r.code, Reason: f.Reason, Flow: c.flow, What: r.what, Why: f.Message, AADSTS: f.AADSTS, Suberror: f.Suberror, Claims: claims,
		CorrelationID: f.CorrelationID, TraceID: f.TraceID, RetryAfter: f.RetryAfter, Err: f,
	}
	if r.code == ExitUnavailable && h.settings.Cloud == "" { // it may be misspelt
		e.What += " (authority: " + h.settings.Origin("authority") + ")"
	}
	switch {
	case c.silent && r.silent == askPerson:
		return &personNeeded{e}
	case !c.silent && r.signIn == nextFlow:
		return &flowUnavailable{e}
	}
	e.Next = h.nextStep(j, e)
	return e
}

// nextStep is the pause that the provider wants, the table of AADSTS numbers'
// advice, or the reason's.
func (h *Host) nextStep(j *job, e *Error) string {
	if e.RetryAfter > 0 && ruleOf(e.Reason, e.AADSTS).code == ExitUnavailable {
		return "try again in " + short(e.RetryAfter)
	}
	if known, ok := aadsts.Lookup(e.AADSTS); ok && known.NextStep != "" {
		return h.fill(j, e, known.NextStep)
	}
	switch e.Reason {
	case flowv1.ReasonTemporarilyUnavailable, reasonServerError, reasonSlowDown:
		return "check the network and the proxy, and try again later"
	case flowv1.ReasonUntrustedCertificate:
		if h.settings.CAFile != "" {
			return "check ca_file (" + h.settings.Origin("ca_file") + ") and this machine's clock"
		}
		return h.fill(j, e, "if a private cloud or a proxy is meant to answer there, set ca_file in [profiles.{profile}] to its root certificate")
	case flowv1.ReasonInvalidClient, reasonUnauthorizedClient, reasonUnsupportedGrantType:
		return h.fill(j, e, "check client_id ({client_id}) and tenant ({tenant}) of profile {profile}")
	case flowv1.ReasonInvalidScope, reasonInvalidTarget:
		return "check the scope"
	case flowv1.ReasonInvalidRequest:
		return h.fill(j, e, "check the settings: authlatch config explain -p {profile}")
	case flowv1.ReasonMFARequired:
		return "run: " + h.loginCommand(j, Login{Flow: browserFlow, Claims: e.Claims})
	}
	if ruleOf(e.Reason, e.AADSTS).silent == askPerson {
		return "run: " + h.loginCommand(j, Login{Claims: e.Claims})
	}
	return ""
}

// short is a duration without the units that are zero at its end: 1h, not 1h0m0s.
func short(d time.Duration) string {
	s := d.String()
	for _, zero := range []struct{ after, tail string }{{"m", "0s"}, {"h", "0m"}} {
		if strings.HasSuffix(s, zero.after+zero.tail) {
			s = strings.TrimSuffix(s, zero.tail)
		}
	}
	return s
}

// fill puts the effective settings, and the commands that sign in, into advice.
func (h *Host) fill(j *job, e *Error, advice string) string {
	tenant := h.settings.Tenant
	if j != nil {
		tenant = j.Tenant
	}
	username := h.settings.Username
	if username == "" {
		username = "the user"
	}
	return strings.NewReplacer("{profile}", h.settings.Profile, "{tenant}", tenant, "{client_id}", h.settings.ClientID, "{username}", username,
		"{login}", h.loginCommand(j, Login{Claims: e.Claims}), "{login_browser}", h.loginCommand(j, Login{Flow: browserFlow, Claims: e.Claims})).Replace(advice)
}

// needPerson is the error where a person would be needed and may not or cannot
// be asked. why is what made it necessary, or nil.
func (h *Host) needPerson(j *job, why *Error) *Error {
	e := &Error{What: "nobody is signed in to profile " + h.settings.Profile}
	if why != nil {
		copied := *why
		e = &copied
	}
	e.Code = ExitInteraction
	if e.Reason != "" && e.Reason != flowv1.ReasonFlowUnavailable {
		e.What = needsPerson + ", and nobody may be asked here"
	}
	e.Claims = mergeClaims(j.Claims, e.Claims)
	command := h.loginCommand(j, Login{Flow: j.Flow, Claims: e.Claims})
	e.Next = "run: " + command
	triedHere := e.Reason == flowv1.ReasonFlowUnavailable && h.prompter(j) != nil
	if j.Interaction != Force && !triedHere {
		return e
	}
	// That command would end as this one has: it has to be run otherwise.
	switch flows := h.flowsOf(j); {
	case h.prompter(j) != nil && !slices.Contains(flows, deviceFlow):
		e.Next = "sign in with a code on another device: " + h.loginCommand(j, Login{Flow: deviceFlow, Claims: e.Claims})
	case h.prompter(j) != nil:
		e.Next = "see why each flow cannot work here: authlatch login --log-level info"
	case slices.Contains(flows, passwordFlow):
		e.What, e.Next = "nobody can be asked here", "run it in a terminal, or give the password by --password-stdin: "+command
	default:
		e.What, e.Next = "nobody can be asked here", "run it in a terminal: "+command
	}
	return e
}

const signInCancelled = "the sign-in was cancelled"

// ended is the error of a call whose context is over. late is the code if it
// took too long.
func ended(cause error, late ExitCode) *Error {
	switch {
	case errors.Is(cause, ErrClosed):
		return &Error{Code: ExitOther, What: ErrClosed.Error(), Err: cause}
	case errors.Is(cause, context.DeadlineExceeded) && late == ExitDeclined:
		return &Error{Code: late, What: errNotFinished.Error(), Err: cause}
	case errors.Is(cause, context.DeadlineExceeded):
		return &Error{Code: late, What: errNoAnswer.Error(), Err: cause}
	case !errors.Is(cause, context.Canceled):
		cause = errors.Join(context.Canceled, cause)
	}
	what := "the request was cancelled"
	if late == ExitDeclined { // whoever noticed the person's Ctrl-C first
		what = signInCancelled
	}
	return &Error{Code: ExitDeclined, What: what, Err: cause}
}
