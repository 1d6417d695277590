// Package file keeps a store's key in a file of mode 0600. Who can read the
// user's files can then read the store: it is for containers and CI jobs
// without a keyring, and only ever the user's explicit choice.
package file

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/authlatch/authlatch/host/store"
)

// Provider is a store.KeyProvider that holds one key, and a second one only for
// as long as a store is moved from the one to the other.
type Provider struct {
	// Path is absolute; "" is not available.
	Path string
}

// begins each line, with a key after it in hex. The first is the one in use.
const begins = "authlatch store key 1 "

// Name is "file".
func (Provider) Name() string { return "file" }

// Load reads the file. Only other keys in it mean that the one asked for is gone.
func (p Provider) Load(id store.KeyID) (store.Key, error) {
	held, err := p.read()
	if errors.Is(err, fs.ErrNotExist) {
		return store.Key{}, fmt.Errorf("%s: %w", p.Path, store.ErrNoKey)
	}
	if err != nil {
		return store.Key{}, err
	}
	for _, k := range held {
		if k.ID() == id {
			return k, nil
		}
	}
	return store.Key{}, fmt.Errorf("%s holds another key: %w", p.Path, store.ErrNoKey)
}

// Keep writes the file, or returns the key that it holds already.
func (p Provider) Keep(k store.Key) (store.Key, error) {
	held, err := p.read()
	if errors.Is(err, fs.ErrNotExist) {
		if err := store.CreatePrivate(p.Path, text(k)); err != nil && !errors.Is(err, fs.ErrExist) {
			return store.Key{}, unavailable(err.Error())
		}
		held, err = p.read() // another process may have been first
	}
	if err != nil {
		return store.Key{}, err
	}
	return held[0], nil
}

// Add puts the key before the one that the file holds.
func (p Provider) Add(k store.Key) error {
	held, err := p.read()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := store.ReplacePrivate(p.Path, text(append([]store.Key{k}, held...)...)); err != nil {
		return unavailable(err.Error())
	}
	return nil
}

// Forget takes the key out of the file, and removes the file with its last one.
// Another one may be the only way to the entries of a store that has since been
// made with it.
func (p Provider) Forget(id store.KeyID) error {
	held, err := p.read()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	left := slices.DeleteFunc(slices.Clone(held), func(k store.Key) bool { return k.ID() == id })
	switch {
	case len(left) == len(held):
		return nil
	case len(left) > 0:
		return store.ReplacePrivate(p.Path, text(left...))
	}
	if err := os.Remove(p.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Check says why there could be no key file, as far as that shows without one.
func (p Provider) Check() error {
	_, err := p.read()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func text(keys ...store.Key) []byte {
	var b []byte
	for _, k := range keys {
		secret := k.Reveal()
		b = append(b, begins+hex.EncodeToString(secret[:])+"\n"...)
	}
	return b
}

// read returns at least one key.
func (p Provider) read() ([]store.Key, error) {
	if p.Path == "" {
		return nil, store.ErrUnavailable
	}
	b, err := store.ReadPrivate(p.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err != nil {
		return nil, unavailable(err.Error())
	}
	var keys []store.Key
	for line := range strings.Lines(string(b)) {
		hexed, ok := strings.CutPrefix(strings.TrimSpace(line), begins)
		raw, err := hex.DecodeString(hexed)
		if !ok || err != nil || len(raw) != store.KeySize {
			return nil, p.strange()
		}
		keys = append(keys, store.KeyOf([store.KeySize]byte(raw)))
	}
	if len(keys) == 0 {
		return nil, p.strange()
	}
	return keys, nil
}

func (p Provider) strange() error { return unavailable(p.Path + " is no key file; move it away") }

func unavailable(why string) error { return fmt.Errorf("%w: %s", store.ErrUnavailable, why) }
