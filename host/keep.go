package host

import (
	"context"
	"time"

	"github.com/authlatch/authlatch/host/store"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// renewed keeps what a silent call under b has brought, unless the identity has
// meanwhile been signed in to another account or signed out: then the caller gets
// its token, and nobody else does.
func (h *Host) renewed(ctx context.Context, j *job, b store.Binding, t *flowv1.Token) *Token {
	unlock := h.lockEntries(ctx, j.identity)
	defer unlock()
	if now, ok := h.store.Binding(j.identity); !ok || now.StateKey() != b.StateKey() {
		return tokenOf(h.entry(j, b, t))
	}
	return h.keep(j, b, false, t)
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
	unlock := h.lockEntries(ctx, j.identity)
	defer unlock()
	h.forgetOther(b)
	h.store.ForgetAttempts(b.Identity)
	return h.keep(j, b, true, t)
}

// lockEntries is for the moment in which an identity's entries are compared and
// written. It is taken last, after an account's lock, and held for no longer than
// some writes; whoever waits for it has a token that must not be lost, so it is
// waited for even if the caller has left.
func (h *Host) lockEntries(ctx context.Context, i store.Identity) (unlock func()) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), entriesTimeout)
	defer cancel()
	unlock, err := h.store.Lock(ctx, i.EntriesLockName())
	if err != nil {
		h.log.Warn("another process holds the store's lock for too long; going on without it")
		return func() {}
	}
	return unlock
}

// entriesTimeout is what a holder may take for its writes on a slow disk, many
// times over; only a stopped process holds the lock for longer.
const entriesTimeout = 10 * time.Second

// keep keeps all that an answer has brought, together: it is on disk before
// anyone gets the token. What cannot be written the Store says and keeps in memory.
func (h *Host) keep(j *job, b store.Binding, bind bool, t *flowv1.Token) *Token {
	entry := h.entry(j, b, t)
	h.store.PutAnswer(store.Answer{Binding: b, Bind: bind, State: t.GetState(), Key: j.key, Token: entry})
	return tokenOf(entry)
}

func (h *Host) entry(j *job, b store.Binding, t *flowv1.Token) store.Token {
	entry := store.Token{
		Secret: store.NewSecret(t.GetSecret()), TokenType: "Bearer", ExpiresOn: epoch(t.GetExpiresOn()), RefreshOn: epoch(t.GetRefreshOn()),
		Scopes: t.GetScopes(), Account: b.Account, ObtainedOn: h.now(), Claims: hashOf(j.Claims),
	}
	if j.TokenType == tokenTypePoP {
		entry.TokenType = tokenTypePoP
	}
	if len(entry.Scopes) == 0 {
		entry.Scopes = j.Scopes
	}
	return entry
}

// forgetOther drops what is kept for the identity if it is another account's, or
// if it cannot be told whose it is.
func (h *Host) forgetOther(b store.Binding) {
	old, ok := h.store.Binding(b.Identity)
	switch {
	case !ok:
		h.store.RemoveTokens(b.Identity)
	case old.Account.ID != b.Account.ID:
		if err := h.store.Remove(b.Identity); err != nil {
			h.log.Warn("what was kept for the account before cannot be removed", "error", err)
		}
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
		Account: t.Account,
	}
}
