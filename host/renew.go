package host

import (
	"context"
	"errors"
	"sync"
	"time"
)

// renewTimeout bounds a renewal ahead of expiry, its wait for the account's lock
// included. Nobody waits for it, but its process must not stay.
const renewTimeout = time.Minute

// Renew renews the token that req asks for if it is cached, valid and due, and
// asks nobody. It is for a process that Config.Renew has started. Its errors are
// *Error; the token is as valid as before.
func (h *Host) Renew(ctx context.Context, req TokenRequest) error {
	req.Interaction = Never
	j, err := h.newJob(req)
	if err != nil {
		return err
	}
	return h.renewDue(ctx, j)
}

// renewAhead has a token renewed that is handed out now, by one of all who hand
// it out.
func (h *Host) renewAhead(ctx context.Context, j *job) {
	if !h.looked.again(j.key.LockName(), h.now()) || !h.store.ClaimRenewal(j.key) {
		return
	}
	if h.cfg.Renew != nil {
		h.cfg.Renew(j.TokenRequest)
		return
	}
	h.flights.background(ctx, "renewal of "+j.key.LockName(), func(ctx context.Context) {
		if err := h.renewDue(ctx, j); err != nil {
			h.log.Info("the token is still valid, but could not be renewed", "error", err)
		}
	})
}

func (h *Host) renewDue(ctx context.Context, j *job) error {
	ctx, cancel := context.WithTimeoutCause(ctx, renewTimeout, errNoAnswer)
	defer cancel()
	if t, ok := h.cached(j); !ok {
		return nil // somebody has signed out, or it is too late
	} else if !t.RefreshDue(h.now()) {
		h.store.EndRenewal(j.key, "") // somebody was faster
		return nil
	}
	var err error
	if j.Registry != "" {
		_, err = h.registryToken(ctx, j)
	} else {
		_, _, err = h.silent(ctx, j)
	}
	var needed *personNeeded
	if errors.As(err, &needed) {
		err = needed.why
	}
	h.store.EndRenewal(j.key, renewalFailure(err))
	return err
}

// renewalFailure is why a renewal has failed, in a word.
func renewalFailure(err error) string {
	var e *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e) && e.Reason != "":
		return e.Reason
	case errors.As(err, &e):
		return e.What
	}
	return "failed"
}

// looked remembers which due tokens were looked after a short time ago, so that
// thousands of calls do not all look who renews the token.
type looked struct {
	mu  sync.Mutex
	all map[string]time.Time
}

// lookPause is far below the store's pause between renewals.
const lookPause = time.Second

func (l *looked) again(name string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at, ok := l.all[name]; ok && !now.Before(at) && now.Sub(at) < lookPause {
		return false
	}
	if l.all == nil {
		l.all = make(map[string]time.Time)
	}
	l.all[name] = now
	return true
}

// Reject drops the cached token that req asks for if its secret is this one,
// which a service has rejected: it is never handed out again. It says whether it
// was. Its error is an *Error.
func (h *Host) Reject(req TokenRequest, secret Secret) (bool, error) {
	j, err := h.newJob(req)
	if err != nil {
		return false, err
	}
	return h.store.Reject(j.key, secret.Reveal()), nil
}
