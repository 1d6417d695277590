package host

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/authlatch/authlatch/host/store"
)

// SignedIn is an account that the Store knows.
type SignedIn struct {
	Account Account
	// Flow signed it in and renews its tokens.
	Flow       string
	SignedInOn time.Time
	// What it is filed under: exactly one of Username and Profile is set.
	Authority string
	Tenant    string
	ClientID  string
	Username  string
	Profile   string
	// Config is the config file that has Profile, if not the user's own.
	Config string
	// Current says that it is the one of this Host's profile.
	Current bool
}

// Accounts lists who is signed in, those of other profiles included.
func (h *Host) Accounts(ctx context.Context) ([]SignedIn, error) {
	if ctx.Err() != nil {
		return nil, ended(context.Cause(ctx), ExitUnavailable)
	}
	current := h.settings.Identity()
	var list []SignedIn
	for _, b := range h.store.Accounts() {
		list = append(list, SignedIn{
			Account: b.Account,
			Flow:    b.Flow, SignedInOn: b.SignedInOn,
			Authority: b.Identity.Authority, Tenant: b.Identity.Tenant, ClientID: b.Identity.ClientID,
			Username: b.Identity.Username, Profile: b.Identity.Profile, Config: b.Identity.Config,
			Current: b.Identity.LockName() == current.LockName(),
		})
	}
	return list, nil
}

// Kept says whether the profile's sign-in outlives this process: nil, or why it
// does not. Its error is an *Error.
func (h *Host) Kept() error {
	err := h.store.Kept(h.settings.Identity())
	if err == nil {
		return nil
	}
	e := &Error{
		Code: ExitOther, What: "signed in, but the sign-in is not kept", Why: err.Error(),
		Next: "see store.key and store.dir: authlatch config explain", Err: err,
	}
	if errors.Is(err, store.ErrNoProvider) {
		e.Why, e.Next = "no keyring is available here", `set [store] key = "file" in the config, or AUTHLATCH_STORE_KEY=file`
	}
	return e
}

// Keepable says before a sign-in whether it could outlive this process: nil, or why
// it cannot. Its error is an *Error.
func (h *Host) Keepable() error {
	err := h.store.Writable()
	if err == nil {
		return nil
	}
	e := &Error{
		Code: ExitOther, What: "a sign-in could not be kept, so nobody was asked for one", Why: err.Error(),
		Next: "set AUTHLATCH_STORE_DIR to a directory of yours that can be written", Err: err,
	}
	if h.settings.Store.Key == "memory" {
		e.Next = "set AUTHLATCH_STORE_KEY=file, or use authlatch token, which signs in for this once"
	}
	return e
}

// SignOut forgets the profile's account with its tokens, or with all everything
// that the Store holds. Nobody being signed in is no error. It waits for calls
// that renew tokens just now: what they write must not come back.
func (h *Host) SignOut(ctx context.Context, all bool) error {
	var accounts, entries []string
	for _, b := range h.store.Accounts() {
		if all || b.Identity.LockName() == h.settings.Identity().LockName() {
			accounts = append(accounts, b.StateKey().LockName())
			entries = append(entries, b.Identity.EntriesLockName())
		}
	}
	// The same order for everyone: accounts, then entries, each by name.
	slices.Sort(accounts)
	slices.Sort(entries)
	var held []func()
	defer func() {
		for _, unlock := range held {
			unlock()
		}
	}()
	for _, name := range slices.Concat(slices.Compact(accounts), entries) {
		unlock, err := h.store.Lock(ctx, name)
		if err != nil {
			return locked(ctx, err, ExitUnavailable)
		}
		held = append(held, unlock)
	}
	remove := func() error { return h.store.Remove(h.settings.Identity()) }
	if all {
		remove = h.store.RemoveAll
	}
	if err := remove(); err != nil {
		e := &Error{Code: ExitOther, What: "the sign-in cannot be removed from the store", Why: err.Error(), Err: err}
		if !all && errors.Is(err, store.ErrUnreadable) {
			e.Next = "to remove every sign-in, run: authlatch logout --all"
		}
		return e
	}
	return nil
}
