package store

import (
	"errors"
	"fmt"
	"slices"
)

// forgetUnused forgets every other key that no entry has, and returns who keeps
// one still.
func (s *Store) forgetUnused(key Key) (kept []string, err error) {
	unlock, err := s.lockKey(exclusiveLock)
	if err != nil {
		return nil, err
	}
	defer unlock()
	r, err := s.readRecord()
	if err != nil || r.KeyID != key.ID().String() {
		return nil, removedMeanwhile(err)
	}
	used := s.keysOfEntries()
	var others []keptKey
	for _, k := range r.Others {
		keyID, err := ParseKeyID(k.KeyID)
		if err != nil {
			continue
		}
		if _, needed := used[keyID]; needed || s.forget(k) != nil {
			others, kept = append(others, k), append(kept, k.Provider)
		}
	}
	r.Others = others
	slices.Sort(kept)
	return slices.Compact(kept), s.writeRecord(r)
}

// forget drops a key from its provider. It fails if nothing can be said of it
// there.
func (s *Store) forget(k keptKey) error {
	keyID, err := ParseKeyID(k.KeyID)
	if err != nil {
		return nil // it is no key
	}
	p := s.provider(k.Provider)
	if p == nil {
		return fmt.Errorf("%w (it is kept by: %s)", ErrUnavailable, words(k.Provider))
	}
	delete(s.keys, keyID)
	forgetter, ok := p.(Forgetter)
	if !ok {
		return fmt.Errorf("%s cannot forget a key", words(k.Provider))
	}
	if err := elsewhere(k, p, nil); err != nil {
		return err
	}
	return forgetter.Forget(keyID)
}

func removedMeanwhile(err error) error {
	if err == nil || errors.Is(err, ErrNoKey) {
		return errors.New("the store's key was replaced or forgotten by another process meanwhile")
	}
	return err
}
