package store

import "path/filepath"

// A store's directory holds
//
//	store.json                which provider keeps the current key
//	accounts/ID/binding       an identity's account
//	accounts/ID/ID            a token of that identity
//	accounts/ID/ID.renewal    how its renewal ahead of expiry stands
//	state/ID                  a flow's state for an account
//	locks/ID                  lock files, never removed
//	attempts/ID               how an identity's last sign-in has failed, in clear
//	damaged/ID                what was moved aside
//
// and no name tells what it is about.
const (
	recordName  = "store.json"
	accountsDir = "accounts"
	stateDir    = "state"
	locksDir    = "locks"
	attemptsDir = "attempts"
	damagedDir  = "damaged"
	bindingName = "binding"
	tempPrefix  = ".tmp-"
)

// location is where an entry is, what it is and what it is about.
type location struct {
	kind kind
	id   id
	path string // relative to the store
}

func (k TokenKey) location() location {
	i := k.id()
	return location{kindToken, i, filepath.Join(accountsDir, k.Identity.id().String(), i.String())}
}

func (i Identity) location() location { return bindingAt(i.id()) }

func (k StateKey) location() location {
	i := k.id()
	return location{kindState, i, filepath.Join(stateDir, i.String())}
}
