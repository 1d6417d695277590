// Package secretservice keeps a store's key in the desktop's Secret Service
// (GNOME Keyring, KWallet, KeePassXC), by its D-Bus API: in the default
// collection, and encrypted on the way.
//
// It never asks the person anything, never starts a bus, and never takes longer
// than three seconds, whatever hangs. What the service answers is checked like
// any other foreign input. Only authlatch and embedders link it, never a helper:
// see package session.
package secretservice

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/authlatch/authlatch/host/store"
)

// Name is how a store records this provider.
const Name = "secret-service"

// Provider is a store.KeyProvider. The zero value is ready.
type Provider struct {
	// Env looks up DBUS_SESSION_BUS_ADDRESS and XDG_RUNTIME_DIR; nil is os.Getenv.
	Env func(string) string
}

// limit is for all of one call of a Provider: a service that is well answers in
// milliseconds, one that a call starts in a second, and nobody should wait longer
// for one that hangs than for a new sign-in.
const limit = 3 * time.Second

// Items are found by these two. They say nothing of the key: an id is derived
// from it one way.
const (
	attrApplication = "application"
	application     = "authlatch"
	attrKeyID       = "key_id"
)

// Name is "secret-service".
func (Provider) Name() string { return Name }

// Load finds the key. store.ErrNoKey means that the default collection is there,
// unlocked, and does not have it.
func (p Provider) Load(id store.KeyID) (k store.Key, err error) {
	err = p.with(func(s *service) error {
		k, err = s.load(id)
		return err
	})
	return k, err
}

// Keep adds the key to the default collection.
func (p Provider) Keep(k store.Key) (store.Key, error) {
	err := p.with(func(s *service) error { return s.keep(k) })
	if err != nil {
		return store.Key{}, err
	}
	return k, nil
}

// Forget removes the key from the default collection.
func (p Provider) Forget(id store.KeyID) error {
	return p.with(func(s *service) error { return s.forget(id) })
}

// Check says why no key could be kept now, or nil.
func (p Provider) Check() error {
	return p.with(func(*service) error { return nil })
}

// with connects, opens a session, finds the default collection unlocked, calls
// do, and makes sure that every error is one of a KeyProvider's.
func (p Provider) with(do func(*service) error) error {
	env := p.Env
	if env == nil {
		env = os.Getenv
	}
	err := func() error {
		s, err := open(env, time.Now().Add(limit))
		if err != nil {
			return err
		}
		defer s.bus.close()
		return do(s)
	}()
	switch {
	case err == nil, errors.Is(err, store.ErrNoKey), errors.Is(err, store.ErrUnavailable):
		return err
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = fmt.Errorf("the Secret Service did not answer within %v", limit)
	}
	return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
}

func (s *service) load(id store.KeyID) (store.Key, error) {
	items, err := s.search(id)
	if err != nil {
		return store.Key{}, err
	}
	if len(items) == 0 {
		return store.Key{}, fmt.Errorf("the Secret Service: %w", store.ErrNoKey)
	}
	for _, item := range items {
		text, e := s.secret(item)
		if e != nil {
			err = e
			continue
		}
		if k, ok := parseKey(text); ok && k.ID() == id {
			return k, nil
		}
		err = errors.New("the Secret Service has an item of this store with something else in it; remove it there")
	}
	return store.Key{}, err
}

// keyText is how a key is kept: services differ in what they make of bytes that
// are not text.
func keyText(k store.Key) []byte {
	b := k.Reveal()
	return []byte(hex.EncodeToString(b[:]))
}

func parseKey(text []byte) (store.Key, bool) {
	var b [store.KeySize]byte
	if hex.DecodedLen(len(text)) != len(b) || len(text)%2 != 0 {
		return store.Key{}, false
	}
	if _, err := hex.Decode(b[:], text); err != nil {
		return store.Key{}, false
	}
	return store.KeyOf(b), true
}

func (s *service) keep(k store.Key) error {
	iv, value, err := s.cipher.seal(keyText(k))
	if err != nil {
		return err
	}
	answer, err := s.call(s.collection, collectionInterface, "CreateItem",
		map[string]dbus.Variant{
			itemInterface + ".Label":      dbus.MakeVariant("authlatch store key"),
			itemInterface + ".Attributes": dbus.MakeVariant(attributes(k.ID())),
		},
		secret{s.session, iv, value, "text/plain; charset=utf-8"}, true)
	if err != nil {
		return err
	}
	if len(answer) != 2 {
		return errNonsense
	}
	return unprompted(answer[1])
}

func (s *service) forget(id store.KeyID) error {
	items, err := s.search(id)
	if err != nil {
		return err
	}
	for _, item := range items {
		answer, err := s.call(item, itemInterface, "Delete")
		if err != nil {
			return err
		}
		if len(answer) != 1 {
			return errNonsense
		}
		if err := unprompted(answer[0]); err != nil {
			return err
		}
	}
	return nil
}

func attributes(id store.KeyID) map[string]string {
	return map[string]string{attrApplication: application, attrKeyID: id.String()}
}

// errPrompt: what is not asked for is not done.
var errPrompt = errors.New("the Secret Service wants to ask you something, which is not done here; unlock it")

// unprompted looks whether a call is done, or wants to ask the person first.
func unprompted(prompt any) error {
	path, ok := prompt.(dbus.ObjectPath)
	switch {
	case !ok:
		return errNonsense
	case path != "/":
		return errPrompt
	}
	return nil
}
