package host

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/authlatch/authlatch/host/store"
	"github.com/authlatch/authlatch/internal/aadsts"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

const (
	// silentTimeout bounds a call without a person, its wait for the account's
	// lock included: three tries of a provider that answers late fit in.
	silentTimeout = 2 * time.Minute
	// signInTimeout bounds a sign-in, the wait for another one included: a device
	// code lives 15 minutes, and the person may begin late.
	signInTimeout = 30 * time.Minute
)

// attempt is what a silent try has used, so that it is not repeated unless
// somebody signs in meanwhile. The zero value is no attempt.
type attempt struct {
	binding store.Binding
	state   string
}

// cached finds a token that may be handed out. A request that insists on the
// person never reads the cache. One with claims takes only what others have got
// with the same claims while it waited.
func (h *Host) cached(j *job) (store.Token, bool) {
	if j.Interaction == Force || j.Claims != "" && j.before == nil {
		return store.Token{}, false
	}
	t, ok := h.store.Token(j.key)
	if j.Claims != "" {
		ok = ok && t.Claims == hashOf(j.Claims) && t.Secret.Reveal() != j.before.Secret.Reveal()
	}
	return t, ok && t.Fresh(h.now())
}

// obtain is the way of a token past the cache.
func (h *Host) obtain(ctx context.Context, j *job) (*Token, error) {
	if j.Registry != "" {
		return h.registryToken(ctx, j)
	}
	if j.Interaction == Force {
		return h.signIn(ctx, j, nil, attempt{})
	}
	if j.Claims != "" {
		before, _ := h.store.Token(j.key)
		j.before = &before
	}
	t, tried, err := h.silent(ctx, j)
	var needed *personNeeded
	if !errors.As(err, &needed) {
		return t, err
	}
	return h.signIn(ctx, j, needed.why, tried)
}

// personNeeded is the error of a silent try that a sign-in may resolve.
type personNeeded struct{ why *Error }

func (e *personNeeded) Error() string { return e.why.Error() }
func (e *personNeeded) Unwrap() error { return e.why }

// silent gets a token without a person, from the flow that signed the account
// in, or with no account from a flow that needs none. Its errors are *Error and
// *personNeeded.
func (h *Host) silent(ctx context.Context, j *job) (*Token, attempt, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, silentTimeout, errNoAnswer)
	defer cancel()
	b, ok := h.store.Binding(j.identity)
	if !ok || !h.runnable(b.Flow) {
		t, err := h.silentWithoutAccount(ctx, j)
		return t, attempt{}, err
	}
	// The account that the identity is signed in to may change while this waits
	// for its lock; the next one's lock is another.
	for {
		t, tried, again, err := h.silentWith(ctx, j, b)
		if again == nil {
			return t, tried, err
		}
		b = *again
	}
}

// runnable is whether a binding's flow is to be used. One that the profile no
// longer lists still renews what it signed in; if it is not installed any more
// either, the account needs a new sign-in.
func (h *Host) runnable(flow string) bool {
	if slices.Contains(h.settings.Flows, flow) {
		return true
	}
	_, err := h.find(flow)
	return err == nil
}

// silentWith redeems the state of b under the account's lock. It returns again
// if the identity is signed in to another account by then.
func (h *Host) silentWith(ctx context.Context, j *job, b store.Binding) (_ *Token, _ attempt, again *store.Binding, _ error) {
	unlock, err := h.store.Lock(ctx, b.StateKey().LockName())
	if err != nil {
		return nil, attempt{}, nil, locked(ctx, err, ExitUnavailable)
	}
	defer unlock()
	if t, ok := h.cached(j); ok && !t.RefreshDue(h.now()) {
		return tokenOf(t), attempt{}, nil, nil // whoever had the lock has got it
	}
	now, ok := h.store.Binding(j.identity)
	switch {
	case !ok: // signed out meanwhile
		return nil, attempt{}, nil, &personNeeded{h.notSignedIn()}
	case now.StateKey() != b.StateKey():
		return nil, attempt{}, &now, nil
	}
	state, ok := h.store.State(b.StateKey())
	tried := attempt{now, string(state)}
	if !ok && shipped(b.Flow) {
		return nil, tried, nil, &personNeeded{&Error{
			Code: ExitInteraction, Reason: flowv1.ReasonInteractionRequired, What: needsPerson, Why: "the last sign-in is over",
		}}
	}
	t, err := h.ask(ctx, j, call{flow: b.Flow, silent: true, state: state, account: &now.Account}, func(t *flowv1.Token) *Token {
		return h.renewed(ctx, j, now, t)
	})
	if h.isOver(j, err) && h.store.DropState(b.StateKey(), state) {
		tried.state = "" // it is not tried again, by anybody
	}
	return t, tried, nil, err
}

// isOver is whether a silent call failed because the refresh token is good for
// nothing any more, and not for one resource, tenant or device only.
func (h *Host) isOver(j *job, err error) bool {
	var needed *personNeeded
	if !errors.As(err, &needed) || needed.why.Claims != "" || !strings.EqualFold(j.Tenant, h.settings.Tenant) {
		return false
	}
	switch why := needed.why; why.Reason {
	case flowv1.ReasonInvalidGrant:
		return why.AADSTS == 0 || aadsts.EndsGrant(why.AADSTS)
	case flowv1.ReasonInteractionRequired: // as our flows say it
		return aadsts.EndsGrant(why.AADSTS)
	}
	return false
}

// silentWithoutAccount tries the profile's flows that need no account.
func (h *Host) silentWithoutAccount(ctx context.Context, j *job) (*Token, error) {
	for _, flow := range h.settings.Flows {
		able, err := h.silentWithoutAccountAble(ctx, flow)
		if err != nil {
			return nil, err
		}
		if !able {
			continue
		}
		t, err := h.silentFirst(ctx, j, flow)
		var needed *personNeeded
		if errors.As(err, &needed) {
			continue
		}
		return t, err
	}
	return nil, &personNeeded{h.notSignedIn()}
}

// silentFirst lets a flow sign in without a person, one at a time.
func (h *Host) silentFirst(ctx context.Context, j *job, flow string) (*Token, error) {
	unlock, err := h.store.Lock(ctx, j.identity.SilentLockName())
	if err != nil {
		return nil, locked(ctx, err, ExitUnavailable)
	}
	defer unlock()
	if t, ok := h.cached(j); ok {
		return tokenOf(t), nil
	}
	return h.ask(ctx, j, call{flow: flow, silent: true}, func(t *flowv1.Token) *Token { return h.bind(ctx, j, flow, t) })
}

func (h *Host) notSignedIn() *Error {
	return &Error{Code: ExitInteraction, What: "nobody is signed in to profile " + h.settings.Profile}
}
