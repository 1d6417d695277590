package store

import (
	"errors"
	"io/fs"
)

// RemoveAll removes every entry, and forgets every key that the store has had and
// knows of. Lock files stay. A key that cannot be forgotten here opens nothing any
// more, and is told of in a warning.
func (s *Store) RemoveAll() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.changes.Add(1)
	clear(s.memory)
	clear(s.failed)
	clear(s.renewals)
	if s.opt.Dir == "" {
		return nil
	}
	if err := checkDir(s.opt.Dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	// A removal must happen even where the lock cannot be had.
	if unlock, err := s.lockKey(exclusiveLock); err == nil {
		defer unlock()
	}
	for _, k := range s.knownKeys() {
		if err := s.forget(k); err != nil {
			s.warn("forget "+k.KeyID, "a key of the store stays in "+words(k.Provider)+", where it opens nothing any more: "+err.Error())
		}
	}
	clear(s.keys)
	s.write, s.made = writeKey{}, Key{}
	var failed []error
	for _, name := range []string{accountsDir, stateDir, attemptsDir, damagedDir, recordName} {
		failed = append(failed, s.removeTree(name))
	}
	return errors.Join(failed...)
}

// knownKeys are those of the record, and those of the entries, which may be older
// than the record.
func (s *Store) knownKeys() []keptKey {
	var all []keptKey
	known := map[string]bool{}
	add := func(k keptKey) {
		if k.KeyID != "" && !known[k.KeyID] {
			known[k.KeyID] = true
			all = append(all, k)
		}
	}
	if r, err := s.readRecord(); err == nil {
		add(r.keptKey)
		for _, k := range r.Others {
			add(k)
		}
	}
	for keyID, number := range s.keysOfEntries() {
		if name := numbered(number); name != "" {
			add(keptKey{Provider: name, KeyID: keyID.String()})
		}
	}
	return all
}
