// Package keys chooses the key providers of a store. It links only the cheap
// ones, which need no library of their own, so that a helper may call it; package
// platform has them all.
package keys

import (
	"fmt"
	"runtime"
	"slices"

	"github.com/authlatch/authlatch/host/store"
)

// Set is a choice of providers.
type Set struct {
	// Make are those that may keep a new store's key, the best first.
	Make []store.KeyProvider
	// Read are others that a store may have been made with.
	Read []store.KeyProvider
	// Explicit says that the user named the one in Make.
	Explicit bool
	// Memory says that the user wants no files.
	Memory bool
}

// Cheap is the set for the user's choice that a helper reads with: on Linux it
// knows no Secret Service, only this session's copies of its keys. keyFile is
// where the key file is or would be; "" is nowhere.
func Cheap(choice, keyFile string) Set {
	auto, named := cheap(keyFile)
	return Choose(choice, auto, named)
}

// Choose makes the set for the user's choice: "auto" (also ""), "memory", or a
// provider's name. auto are those that "auto" may take, the best first, and named
// those that must be named: a key file is never made because there is nothing
// better. A name that is not among them makes a set that can keep nothing.
func Choose(choice string, auto, named []store.KeyProvider) Set {
	switch choice {
	case "memory":
		return Set{Explicit: true, Memory: true}
	case "auto", "":
		return Set{Make: auto, Read: named}
	}
	all := slices.Concat(auto, named)
	chosen := func(p store.KeyProvider) bool { return p.Name() == choice }
	if i := slices.IndexFunc(all, chosen); i >= 0 {
		return Set{Make: all[i : i+1 : i+1], Read: slices.DeleteFunc(slices.Clone(all), chosen), Explicit: true}
	}
	return Set{Make: []store.KeyProvider{absent{choice}}, Read: all, Explicit: true}
}

// All lists the providers to read with.
func (s Set) All() []store.KeyProvider { return slices.Concat(s.Make, s.Read) }

// Options are store.Open's for a store in dir.
func (s Set) Options(dir string) store.Options {
	if s.Memory {
		dir = ""
	}
	return store.Options{Dir: dir, Keys: s.Make, ReadKeys: s.Read, Explicit: s.Explicit}
}

// absent is a provider that this platform does not have.
type absent struct{ name string }

func (a absent) Name() string                        { return a.name }
func (a absent) Load(store.KeyID) (store.Key, error) { return store.Key{}, a.Check() }
func (a absent) Keep(store.Key) (store.Key, error)   { return store.Key{}, a.Check() }
func (a absent) Check() error {
	return fmt.Errorf("%w: %s is not available on %s", store.ErrUnavailable, a.name, runtime.GOOS)
}
