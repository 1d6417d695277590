package host

import (
	"context"
	"sync"
	"time"

	"github.com/authlatch/authlatch/host/store"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// keep writes what must last of a call whose account's lock is held: the state
// first, because a rotated refresh token must be on disk before anything depends
// on it, the binding if the account has just signed in, and the token. What
// cannot be written the Store says and keeps in memory.
func (h *Host) keep(j *job, b store.Binding, signedIn bool, t *flowv1.Token) *Token {
	if len(t.GetState()) > 0 {
		h.store.PutState(b.StateKey(), t.GetState())
	}
	if signedIn {
		h.store.PutBinding(b)
	}
	entry := store.Token{
		Secret: store.NewSecret(t.GetSecret()), TokenType: "Bearer", ExpiresOn: epoch(t.GetExpiresOn()), RefreshOn: epoch(t.GetRefreshOn()),
		Scopes: t.GetScopes(), Account: b.Account, ObtainedOn: h.now(),
	}
	if j.TokenType == tokenTypePoP {
		entry.TokenType = tokenTypePoP
	}
	if len(entry.Scopes) == 0 {
		entry.Scopes = j.Scopes
	}
	h.store.PutToken(j.key, entry)
	return tokenOf(entry)
}

// bind says that the identity is now signed in to the token's account, and keeps
// both.
func (h *Host) bind(ctx context.Context, j *job, flow string, t *flowv1.Token) *Token {
	a := t.GetAccount()
	b := store.Binding{
		Identity:   j.identity,
		Account:    store.Account{ID: a.GetId(), Username: a.GetUsername(), Tenant: a.GetTenant(), Environment: a.GetEnvironment()},
		Flow:       flow,
		SignedInOn: h.now(),
	}
	// A call that renews this account's tokens just now must not write its older
	// state over the new one. If the caller leaves meanwhile, what the person has
	// just done is kept all the same.
	if unlock, err := h.store.Lock(ctx, b.StateKey().LockName()); err == nil {
		defer unlock()
	}
	h.forgetOther(b)
	return h.keep(j, b, true, t)
}

// forgetOther drops the identity's cached tokens if they are another account's.
func (h *Host) forgetOther(b store.Binding) {
	old, ok := h.store.Binding(b.Identity)
	if !ok || old.Account.ID == b.Account.ID {
		return
	}
	if err := h.store.Remove(b.Identity); err != nil {
		h.log.Warn("what was kept for the account before cannot be removed", "error", err)
	}
}

func epoch(s int64) time.Time {
	if s == 0 {
		return time.Time{}
	}
	return time.Unix(s, 0)
}

func tokenOf(t store.Token) *Token {
	return &Token{
		Secret: NewSecret(t.Secret.Reveal()), TokenType: t.TokenType, ExpiresOn: t.ExpiresOn, RefreshOn: t.RefreshOn, Scopes: t.Scopes,
		Account: Account{ID: t.Account.ID, Username: t.Account.Username, Tenant: t.Account.Tenant, Environment: t.Account.Environment},
	}
}

// renewPause is how long a failed renewal of a valid token is not repeated:
// otherwise every caller of the token's last hour would wait for a provider that
// is down.
const renewPause = time.Minute

// renewals remembers when the renewal of which token failed.
type renewals struct {
	mu  sync.Mutex
	all map[string]time.Time
}

func (r *renewals) allowed(key string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, ok := r.all[key]
	return !ok || now.Sub(at) >= renewPause || now.Before(at)
}

func (r *renewals) failed(key string, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all == nil {
		r.all = make(map[string]time.Time)
	}
	r.all[key] = now
}
