// Package keys chooses the key providers of a store. It links only the cheap
// ones, so that a helper may call it.
package keys

import "github.com/authlatch/authlatch/host/store"

// Cheap lists the providers that ask no daemon and no child process, for the
// user's choice: "auto" (also ""), "keyring", "file" or "memory". keyFile is
// the key file's path.
func Cheap(choice, keyFile string) []store.KeyProvider { return nil }
