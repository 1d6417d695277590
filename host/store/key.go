package store

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// Key is the 32-byte master key of a store.
type Key [32]byte

// Format hides it, for every verb.
func (Key) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, redacted) }

// KeyID names a key without telling anything about it; every entry carries it.
type KeyID [16]byte

func (i KeyID) String() string { return hex.EncodeToString(i[:]) }

// ParseKeyID reads what String wrote.
func ParseKeyID(s string) (KeyID, error) {
	var i KeyID
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(i) {
		return i, errors.New("not a key id")
	}
	copy(i[:], b)
	return i, nil
}

// NewKey makes a random key.
func NewKey() Key {
	var k Key
	rand.Read(k[:]) // never fails (crypto/rand)
	return k
}

// ID is derived from the key, so that it need not be kept with it.
func (k Key) ID() (i KeyID) {
	b, err := hkdf.Key(sha256.New, k[:], nil, "authlatch store key id 1", len(i))
	if err != nil {
		panic(err) // only for lengths that HKDF cannot give
	}
	copy(i[:], b)
	return i
}

// ErrNoKey is a KeyProvider's answer that it works here, but the key is gone
// for good: its entries are lost, and a new key may be made.
var ErrNoKey = errors.New("the key is gone")

// ErrUnavailable is a KeyProvider's answer that it does not work here and now:
// its entries may be read elsewhere, and must be left alone.
var ErrUnavailable = errors.New("the store's key is not available here")

// KeyProvider keeps master keys. Its errors wrap ErrNoKey or ErrUnavailable. It
// is safe for concurrent use, by several processes too.
type KeyProvider interface {
	// Name is recorded in the store: "keyring", "file", "memory".
	Name() string
	// Load finds the key that has the id.
	Load(KeyID) (Key, error)
	// Keep keeps the key and returns it, or the one that it already holds if it
	// holds only one (a key file).
	Keep(Key) (Key, error)
}

// Forgetter is a KeyProvider that can drop a key.
type Forgetter interface {
	Forget(KeyID) error
}
