//go:build !linux

package keyring

import "github.com/authlatch/authlatch/host/store"

// Load is not available here.
func (Provider) Load(store.KeyID) (store.Key, error) { return store.Key{}, store.ErrUnavailable }

// Keep is not available here.
func (Provider) Keep(store.Key) (store.Key, error) { return store.Key{}, store.ErrUnavailable }

// Check says that it is not available here.
func (Provider) Check() error { return store.ErrUnavailable }
