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

// KeySize is a Key's length in bytes.
const KeySize = 32

// Key is the master key of a store; its zero value is none. Like a Secret's
// text, it is behind a pointer so that it cannot be printed.
type Key struct {
	_ [0]func() // == would compare addresses
	// bytes is no pointer to an array: fmt follows those for a verb that is wrong.
	bytes *string
}

// KeyOf takes a key's bytes. What holds them besides must not keep them.
func KeyOf(b [KeySize]byte) Key {
	s := string(b[:])
	return Key{bytes: &s}
}

// Reveal returns a copy of the bytes, for a KeyProvider to keep.
func (k Key) Reveal() [KeySize]byte {
	if k.bytes == nil {
		return [KeySize]byte{}
	}
	return [KeySize]byte([]byte(*k.bytes))
}

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
	var b [KeySize]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return KeyOf(b)
}

// ID is derived from the key, so that it need not be kept with it.
func (k Key) ID() (i KeyID) {
	secret := k.Reveal()
	b, err := hkdf.Key(sha256.New, secret[:], nil, "authlatch store key id 1", len(i))
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

// Placer is a KeyProvider that keeps keys at one of several places, as each user
// namespace has a kernel keyring of its own: a key that was kept at another place
// is not lost, only not available.
type Placer interface {
	// Place names where keys are kept here and now; "" is not known.
	Place() string
}

// Adder is a KeyProvider whose Keep returns the key that it holds already, and
// which can hold others beside it.
type Adder interface {
	Add(Key) error
}

// Checker is a KeyProvider that can say whether it could keep a key now, without
// keeping one: nil, or why not.
type Checker interface {
	Check() error
}

// Copier is a KeyProvider that may hold a copy of a key for the session.
type Copier interface {
	HasCopy(KeyID) bool
}
