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
	"path/filepath"
	"strings"

	"github.com/authlatch/authlatch/host/store"
)

// Provider is a store.KeyProvider that holds one key.
type Provider struct {
	// Path is absolute; "" is not available.
	Path string
}

const begins = "authlatch store key 1 "

// Name is "file".
func (Provider) Name() string { return "file" }

// Load reads the file. Another key in it means that the one asked for is gone.
func (p Provider) Load(id store.KeyID) (store.Key, error) {
	k, err := p.read()
	if errors.Is(err, fs.ErrNotExist) {
		return store.Key{}, fmt.Errorf("%s: %w", p.Path, store.ErrNoKey)
	}
	if err != nil {
		return store.Key{}, err
	}
	if k.ID() != id {
		return store.Key{}, fmt.Errorf("%s holds another key: %w", p.Path, store.ErrNoKey)
	}
	return k, nil
}

// Keep writes the file, or returns the key that it holds already.
func (p Provider) Keep(k store.Key) (store.Key, error) {
	if p.Path == "" {
		return store.Key{}, store.ErrUnavailable
	}
	old, err := p.read()
	if !errors.Is(err, fs.ErrNotExist) {
		return old, err
	}
	if err := p.create(k); err != nil && !errors.Is(err, fs.ErrExist) {
		return store.Key{}, unavailable(err.Error())
	}
	return p.read() // another process may have been first
}

// Forget removes the file if it holds that key: another one may be the only way
// to the entries of a store that has since been made with it.
func (p Provider) Forget(id store.KeyID) error {
	k, err := p.read()
	if errors.Is(err, fs.ErrNotExist) || err == nil && k.ID() != id {
		return nil
	}
	if err != nil {
		return err
	}
	if err := os.Remove(p.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// create makes the whole file or none, and never replaces one.
func (p Provider) create(k store.Key) error {
	dir := filepath.Dir(p.Path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".tmp-") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	b := k.Reveal()
	_, err = f.WriteString(begins + hex.EncodeToString(b[:]) + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), p.Path)
}

func (p Provider) read() (k store.Key, err error) {
	if p.Path == "" {
		return k, store.ErrUnavailable
	}
	b, err := store.ReadPrivate(p.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	if err != nil {
		return k, unavailable(err.Error())
	}
	text, ok := strings.CutPrefix(string(b), begins)
	raw, err := hex.DecodeString(strings.TrimSpace(text))
	if !ok || err != nil || len(raw) != store.KeySize {
		return k, unavailable(p.Path + " is no key file; move it away")
	}
	return store.KeyOf([store.KeySize]byte(raw)), nil
}

func unavailable(why string) error { return fmt.Errorf("%w: %s", store.ErrUnavailable, why) }
