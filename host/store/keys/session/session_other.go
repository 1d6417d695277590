//go:build !linux

package session

import "github.com/authlatch/authlatch/host/store"

func load(store.KeyID) (store.Key, error) { return store.Key{}, errNone }
func add(store.Key) error                 { return errNone }
func forget(store.KeyID)                  {}
