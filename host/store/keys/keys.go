// Package keys chooses the key providers of a store. It links only the cheap
// ones, which ask no daemon and no child process, so that a helper may call it.
package keys

import (
	"slices"

	"github.com/authlatch/authlatch/host/store"
	"github.com/authlatch/authlatch/host/store/keys/file"
	"github.com/authlatch/authlatch/host/store/keys/keyring"
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

// Cheap is the set for the user's choice: "auto" (also ""), "keyring", "file" or
// "memory". keyFile is where the key file is or would be; "" is nowhere. A file
// is made only if the user chose it, never because there is nothing better.
func Cheap(choice, keyFile string) Set {
	ring, inFile := store.KeyProvider(keyring.Provider{}), store.KeyProvider(file.Provider{Path: keyFile})
	switch choice {
	case "memory":
		return Set{Explicit: true, Memory: true}
	case "file":
		return Set{Make: []store.KeyProvider{inFile}, Read: []store.KeyProvider{ring}, Explicit: true}
	case "keyring":
		return Set{Make: []store.KeyProvider{ring}, Read: []store.KeyProvider{inFile}, Explicit: true}
	}
	return Set{Make: []store.KeyProvider{ring}, Read: []store.KeyProvider{inFile}}
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
