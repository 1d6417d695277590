// Package dpapi keeps a store's keys in files that Windows has encrypted for the
// user (Data Protection API), one a key, beside where a key file would be. Other
// users, and who has only the disk, cannot read them; every program of the user
// can.
package dpapi

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/authlatch/authlatch/host/store"
)

// Name is how a store records this provider.
const Name = "dpapi"

// protector encrypts for the user, and asks nobody.
type protector interface {
	protect(plain []byte) ([]byte, error)
	unprotect(blob []byte) ([]byte, error)
}

// Provider is a store.KeyProvider.
type Provider struct {
	// Dir is where the files are, absolute; "" is not available.
	Dir string

	with protector // nil is Windows
}

const (
	begins = "authlatch store key, DPAPI 1 "
	prefix = "key-"
	suffix = ".dpapi"
)

// Name is "dpapi".
func (Provider) Name() string { return Name }

func (p Provider) path(id store.KeyID) string {
	return filepath.Join(p.Dir, prefix+id.String()+suffix)
}

func (p Provider) protector() (protector, error) {
	switch {
	case p.Dir == "":
		return nil, unavailable("there is no directory for it")
	case p.with != nil:
		return p.with, nil
	}
	return system()
}

// Load reads the key's file. One that Windows does not decrypt is another user's,
// or another machine's, and may be read there.
func (p Provider) Load(id store.KeyID) (store.Key, error) {
	w, err := p.protector()
	if err != nil {
		return store.Key{}, err
	}
	path := p.path(id)
	b, err := store.ReadPrivate(path)
	if errors.Is(err, fs.ErrNotExist) {
		return store.Key{}, fmt.Errorf("%s: %w", path, store.ErrNoKey)
	}
	if err != nil {
		return store.Key{}, unavailable(err.Error())
	}
	text, ok := strings.CutPrefix(string(b), begins)
	blob, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if !ok || err != nil {
		return store.Key{}, unavailable(path + " is damaged; remove it")
	}
	plain, err := w.unprotect(blob)
	if err != nil {
		return store.Key{}, unavailable("Windows does not decrypt " + path + ": " + err.Error())
	}
	if len(plain) != store.KeySize {
		return store.Key{}, unavailable(path + " holds something else; remove it")
	}
	k := store.KeyOf([store.KeySize]byte(plain))
	if k.ID() != id {
		return store.Key{}, unavailable(path + " holds another key; remove it")
	}
	return k, nil
}

// Keep writes the key's file, whole or not at all.
func (p Provider) Keep(k store.Key) (store.Key, error) {
	w, err := p.protector()
	if err != nil {
		return store.Key{}, err
	}
	b := k.Reveal()
	blob, err := w.protect(b[:])
	if err != nil {
		return store.Key{}, unavailable("Windows encrypts nothing: " + err.Error())
	}
	text := begins + base64.StdEncoding.EncodeToString(blob) + "\n"
	if err := store.ReplacePrivate(p.path(k.ID()), []byte(text)); err != nil {
		return store.Key{}, unavailable(err.Error())
	}
	return k, nil
}

// Forget removes the key's file.
func (p Provider) Forget(id store.KeyID) error {
	if p.Dir == "" {
		return unavailable("there is no directory for it")
	}
	if err := os.Remove(p.path(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Check encrypts a word.
func (p Provider) Check() error {
	w, err := p.protector()
	if err != nil {
		return err
	}
	if _, err := w.protect([]byte("authlatch")); err != nil {
		return unavailable("Windows encrypts nothing: " + err.Error())
	}
	return nil
}

func unavailable(why string) error { return fmt.Errorf("%w: %s", store.ErrUnavailable, why) }
