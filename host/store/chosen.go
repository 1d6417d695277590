package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
)

// lostKey is said once where entries are found whose key is gone for good.
const lostKey = "the key of the store is gone (after a reboot, a kernel keyring's is); sign in once more"

// ErrNoProvider says that nothing here can keep a key.
var ErrNoProvider = errors.New(`sign-ins are kept only until this process ends, because no keyring is available here; to keep them, set [store] key = "file" or AUTHLATCH_STORE_KEY=file`)

// errMemory: the user wants no files.
var errMemory = errors.New(`the store is memory only, as [store] key = "memory" or AUTHLATCH_STORE_KEY says`)

// record is store.json: which provider keeps the current key. It alone says
// under which key entries are written.
type record struct {
	Version int `json:"version"`
	keptKey
	// Others may be kept too: those that a rekey has replaced, or was about to
	// make, until it has seen that no entry needs them.
	Others []keptKey `json:"others,omitempty"`
}

// keptKey says where a key is kept.
type keptKey struct {
	Provider string `json:"provider"`
	KeyID    string `json:"key_id"`
	// Place is where the provider kept it, if it has several.
	Place string `json:"place,omitempty"`
}

func keptBy(p KeyProvider, key KeyID) keptKey {
	k := keptKey{Provider: p.Name(), KeyID: key.String()}
	if placer, ok := p.(Placer); ok {
		k.Place = placer.Place()
	}
	return k
}

// readRecord reads store.json. ErrNoKey means: there is none that can be used.
func (s *Store) readRecord() (record, error) {
	b, err := readFile(filepath.Join(s.opt.Dir, recordName))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errDamaged) {
		return record{}, ErrNoKey
	}
	if err != nil {
		return record{}, err
	}
	return parseRecord(b)
}

func parseRecord(b []byte) (record, error) {
	var r record
	if json.Unmarshal(b, &r) != nil || r.Version < 1 {
		return record{}, ErrNoKey
	}
	if r.Version > format {
		return record{}, errNewer
	}
	if _, err := ParseKeyID(r.KeyID); err != nil && r.KeyID != "" {
		return record{}, ErrNoKey
	}
	return r, nil
}

func (s *Store) writeRecord(r record) error {
	r.Version = format
	return writeFile(filepath.Join(s.opt.Dir, recordName), append(encode(r), '\n'))
}

// providers are all that keys may be found with.
func (s *Store) providers() []KeyProvider { return slices.Concat(s.opt.Keys, s.opt.ReadKeys) }

func (s *Store) provider(name string) KeyProvider {
	for _, p := range s.providers() {
		if p.Name() == name {
			return p
		}
	}
	return nil
}

// recorded finds the key that the record names. ErrNoKey means: it is lost, make
// a new one.
func (s *Store) recorded(r record) (KeyProvider, Key, error) {
	keyID, err := ParseKeyID(r.KeyID)
	if err != nil {
		return nil, Key{}, ErrNoKey
	}
	p := s.provider(r.Provider)
	if p == nil {
		return nil, Key{}, fmt.Errorf("%w (it is kept by: %s)", ErrUnavailable, words(r.Provider))
	}
	key, err := s.load(p, keyID)
	if errors.Is(err, ErrNoKey) {
		err = elsewhere(r.keptKey, p, err)
	}
	return p, key, err
}

// elsewhere tells a key that is gone from one that was kept at another place of
// its provider: a container's kernel keyring is not the machine's.
func elsewhere(k keptKey, p KeyProvider, gone error) error {
	if placer, ok := p.(Placer); ok && k.Place != "" && placer.Place() != k.Place {
		return fmt.Errorf("%w: %s is another one here (a container's, perhaps)", ErrUnavailable, words(k.Provider))
	}
	return gone
}

// makers are the providers that may keep a new key, the best first. A store
// stays with the provider that it has been made with, unless the user names one.
func (s *Store) makers(r record) []KeyProvider {
	if p := s.provider(r.Provider); p != nil && !s.opt.Explicit {
		return []KeyProvider{p}
	}
	return s.opt.Keys
}

// makeKey makes a key with the first provider that works, and records it. The
// key lock is held exclusively.
func (s *Store) makeKey(r record) error {
	if s.made.bytes == nil {
		s.made = NewKey() // the same at every try, so that a keyring gets only one
	}
	var failed error
	makers := s.makers(r)
	for _, p := range makers {
		key, err := s.keep(p, s.made)
		if err != nil {
			failed = err
			continue
		}
		r.keptKey = keptBy(p, key.ID())
		if err := s.writeRecord(r); err != nil {
			return err
		}
		s.made = Key{}
		return nil
	}
	if len(makers) == 1 && failed != nil && (s.opt.Explicit || makers[0].Name() == r.Provider) {
		return failed
	}
	return ErrNoProvider
}

// warnOfChoice says that the user's explicit choice is not what the store has.
// s.mu is held.
func (s *Store) warnOfChoice(r record) {
	if s.opt.Explicit && len(s.opt.Keys) > 0 && s.opt.Keys[0].Name() != r.Provider {
		s.warn("choice", "the store's key is kept by "+words(r.Provider)+", not by "+words(s.opt.Keys[0].Name())+
			" as [store] key or AUTHLATCH_STORE_KEY says; to change it, run: authlatch store rekey")
	}
}
