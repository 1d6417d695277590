package host

import (
	"context"
	"errors"
	"slices"

	"github.com/authlatch/authlatch/host/store"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// signIn lets the profile's flows ask the person, in order, one sign-in of the
// identity at a time. A failure of one is the answer for all who have waited for
// it, in whatever process, and for a while nobody else asks again; but if it was
// only the request that was refused, for those with the same. Who insists on
// the person (Force) does. why is what the silent try failed with, tried what it
// used; nil if there was none.
func (h *Host) signIn(ctx context.Context, j *job, why *Error, tried attempt) (*Token, error) {
	flows := h.askable(j)
	if len(flows) == 0 {
		return nil, h.needPerson(j, why)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, signInTimeout, errNotFinished)
	defer cancel()
	before := h.attempts(j)
	unlock, err := h.store.Lock(ctx, j.identity.LockName())
	if err != nil {
		return nil, locked(ctx, err, ExitDeclined)
	}
	defer unlock()
	if j.Interaction == Force {
		h.store.ForgetAttempts(j.identity)
		return h.prompt(ctx, j, flows, why)
	}
	failed := h.attempts(j)
	if last, ok := failed.since(before); ok {
		return nil, h.failedMeanwhile(j, last)
	}
	t, err := h.lookAgain(ctx, j, tried)
	var needed *personNeeded
	if !errors.As(err, &needed) {
		return t, err
	}
	if needed.why.Reason != "" {
		why = needed.why
	}
	if pause, why := failed.pause(h.now()); pause > 0 {
		return nil, h.paused(j, why, pause)
	}
	return h.prompt(ctx, j, flows, why)
}

// lookAgain, once the turn has come, takes what the one before has left: the
// token, or a sign-in under which it can be had silently.
func (h *Host) lookAgain(ctx context.Context, j *job, tried attempt) (*Token, error) {
	if t, ok := h.cached(j); ok {
		return tokenOf(t), nil
	}
	b, ok := h.store.Binding(j.identity)
	if ok {
		state, _ := h.store.State(b.StateKey())
		ok = !tried.same(b, string(state))
	}
	if !ok {
		return nil, &personNeeded{h.notSignedIn()}
	}
	t, _, err := h.silent(ctx, j)
	return t, err
}

func (a attempt) same(b store.Binding, state string) bool {
	return a.binding.StateKey() == b.StateKey() && a.state == state
}

// askable are the flows that may sign in now. Where nobody can be asked, only
// the password flow can be answered from the host's own sources.
func (h *Host) askable(j *job) []string {
	flows := h.flowsOf(j)
	if h.prompter(j) != nil {
		return flows
	}
	if h.cfg.AnswerInput != nil && slices.Contains(flows, passwordFlow) {
		return []string{passwordFlow}
	}
	return nil
}

// flowsOf are the flows that may ask the person: the caller's one or the
// profile's.
func (h *Host) flowsOf(j *job) []string {
	if j.Flow != "" {
		return []string{j.Flow}
	}
	return h.settings.Flows
}

// prompter is nil if nobody may be asked.
func (h *Host) prompter(j *job) Prompter {
	if j.Interaction == Never {
		return nil
	}
	return h.cfg.Prompter
}

// prompt tries the flows in order, and records it if that fails. Only one that
// cannot work here yields to the next.
func (h *Host) prompt(ctx context.Context, j *job, flows []string, why *Error) (_ *Token, err error) {
	h.flights.background(ctx, "the store's key", func(context.Context) { h.store.Prepare() })
	var last *Error
	var asked asked
	end := h.recordCancel(ctx, j, &asked)
	defer func() { end(err == nil) }()
	for _, flow := range flows {
		c := h.signInCall(j, flow, why)
		c.asked = &asked
		t, err := h.ask(ctx, j, c, func(t *flowv1.Token) *Token { return h.bind(ctx, j, flow, t) })
		if err == nil {
			return t, nil
		}
		var unavailable *flowUnavailable
		if !errors.As(err, &unavailable) {
			return nil, h.failed(ctx, j, &asked, err)
		}
		last = unavailable.why
		h.log.Info("the flow cannot work here", "flow", flow, "why", last.Why)
	}
	return nil, h.failed(ctx, j, &asked, h.needPerson(j, last))
}

// signInCall renews an account's sign-in with its name as a hint; somebody who
// asks to be asked may choose another.
func (h *Host) signInCall(j *job, flow string, why *Error) call {
	c := call{flow: flow, force: j.Interaction == Force}
	if why != nil {
		c.claims = why.Claims
	}
	if c.force {
		return c
	}
	if b, ok := h.store.Binding(j.identity); ok {
		c.account = &b.Account
	}
	return c
}
