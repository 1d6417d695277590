// Package platform chooses among all the key providers of this platform, those
// that link a library of their own among them: for authlatch and embedders. A
// helper reads with package keys.
package platform

import "github.com/authlatch/authlatch/host/store/keys"

// Set is the set for the user's choice: "auto" (also ""), "memory", or
// "secret-service", "keyring", "keychain", "dpapi" or "file". keyFile is where
// the key file is or would be; "" is nowhere. "auto" is on Linux the Secret
// Service, and where there is none the kernel's keyring; on macOS the Keychain;
// on Windows its Data Protection API.
func Set(choice, keyFile string) keys.Set { return set(choice, keyFile) }
