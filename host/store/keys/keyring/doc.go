// Package keyring keeps a store's key in the Linux kernel's keyring of the
// user: for all sessions of the user, never on disk, gone at reboot. Elsewhere,
// and where keyctl is forbidden (Docker's seccomp profile), it is not available.
package keyring

// Provider is a store.KeyProvider. The zero value is ready.
type Provider struct{}

// Name is "keyring".
func (Provider) Name() string { return "keyring" }
