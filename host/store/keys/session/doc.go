// Package session keeps copies of a store's key in the Linux kernel's keyring of
// the session, so that a provider that asks a daemon is asked once a session and
// a helper not at all. A copy is found by this session's processes only, not by
// the user's others, and lasts half a day. Elsewhere, and where keyctl is
// forbidden, there are no copies.
package session

import (
	"errors"
	"fmt"
	"time"

	"github.com/authlatch/authlatch/host/store"
)

// life is how long a copy is good, used or not: a day's work. Then the provider
// is asked once more, who may have been locked meanwhile.
const life = 12 * time.Hour

// Provider is what Caching wraps.
type Provider interface {
	store.KeyProvider
	store.Forgetter
	store.Checker
}

// Cache is a Provider with copies of its keys. It is a store.Copier.
type Cache struct{ inner Provider }

// Caching keeps a copy of each key that p has loaded.
func Caching(p Provider) Cache { return Cache{p} }

// Name is that of the provider within.
func (c Cache) Name() string { return c.inner.Name() }

// Load takes the copy, or asks the provider and keeps a copy of its answer. That
// this fails is not worth a word: it only costs time.
func (c Cache) Load(id store.KeyID) (store.Key, error) {
	if k, err := load(id); err == nil {
		return k, nil
	}
	k, err := c.inner.Load(id)
	if err == nil && k.ID() == id {
		_ = add(k)
	}
	return k, err
}

// Keep gives the key to the provider. A copy is made of what that hands out, not
// of what it was given: so the next Load shows whether it keeps it.
func (c Cache) Keep(k store.Key) (store.Key, error) {
	forget(k.ID())
	return c.inner.Keep(k)
}

// Forget drops the copy too. Those of other sessions end with these, or by time.
func (c Cache) Forget(id store.KeyID) error {
	forget(id)
	return c.inner.Forget(id)
}

// Check asks the provider.
func (c Cache) Check() error { return c.inner.Check() }

// HasCopy says whether this session has a copy of the key.
func (c Cache) HasCopy(id store.KeyID) bool {
	_, err := load(id)
	return err == nil
}

// Copies are the copies of the provider of that name, for a helper that must not
// link it.
type Copies struct{ name string }

// Only knows copies alone, and makes none.
func Only(name string) Copies { return Copies{name} }

// Name is that of the provider whose copies they are.
func (c Copies) Name() string { return c.name }

// Load takes the copy. That there is none does not mean that the key is lost.
func (c Copies) Load(id store.KeyID) (store.Key, error) {
	k, err := load(id)
	if err != nil {
		return k, fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	return k, nil
}

// Keep is not available.
func (Copies) Keep(store.Key) (store.Key, error) { return store.Key{}, store.ErrUnavailable }

// Check is Keep's answer.
func (Copies) Check() error { return store.ErrUnavailable }

// errNone is not store.ErrNoKey: the provider may have the key.
var errNone = errors.New("this session has no copy of it")
