package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
)

// Rekeyed says what Rekey has done.
type Rekeyed struct {
	// Provider keeps the new key.
	Provider string
	// Entries is how many have been encrypted anew.
	Entries int
	// Left is how many could not be read, and are as they were.
	Left int
	// Kept names the providers that still keep a replaced key: it is that of
	// entries left, or could not be forgotten.
	Kept []string
}

// rekeyChunk is how many entries are encrypted anew before others may write
// again: some writes' time.
const rekeyChunk = 16

// Rekey makes a new key, kept by the provider, which need not be one of the
// Options, and moves every entry that can be read to it; nil is whoever would keep
// a new store's. The key before is forgotten when no entry needs it. Other
// processes may go on reading and writing meanwhile. A crash at any point leaves
// every entry readable, and the next Rekey ends what that one has begun.
func (s *Store) Rekey(ctx context.Context, to KeyProvider) (Rekeyed, error) {
	if err := s.usable(); err != nil {
		return Rekeyed{}, err
	}
	unlock, err := s.lockFile(ctx, lockPath(s.opt.Dir, rekeyLock), rekeyLock)
	if err != nil {
		return Rekeyed{}, fmt.Errorf("waiting for another rekey: %w", err)
	}
	defer unlock()
	s.mu.Lock() // not while it waits: others of this process go on
	defer s.mu.Unlock()
	if to != nil {
		return s.rekey(ctx, to)
	}
	var failed []error
	for _, p := range s.opt.Keys {
		done, err := s.rekey(ctx, p)
		if !errors.Is(err, ErrUnavailable) {
			return done, err
		}
		failed = append(failed, err)
	}
	if len(failed) == 0 {
		return Rekeyed{}, ErrNoProvider
	}
	return Rekeyed{}, errors.Join(failed...)
}

func (s *Store) rekey(ctx context.Context, to KeyProvider) (Rekeyed, error) {
	if err := couldKeep(to); err != nil {
		return Rekeyed{}, err
	}
	key := NewKey()
	if err := s.announce(to, key); err != nil {
		return Rekeyed{}, err
	}
	if err := s.keepBeside(to, key); err != nil {
		return Rekeyed{}, errors.Join(err, s.withdraw(to, key))
	}
	if s.provider(to.Name()) == nil {
		s.opt.ReadKeys = append(slices.Clone(s.opt.ReadKeys), to)
	}
	if err := s.switchTo(to, key); err != nil {
		return Rekeyed{}, err
	}
	done := Rekeyed{Provider: to.Name()}
	for chunk := range slices.Chunk(s.onDisk(), rekeyChunk) {
		if ctx.Err() != nil {
			return done, ctx.Err()
		}
		n, left, err := s.move(chunk, key)
		done.Entries, done.Left = done.Entries+n, done.Left+left
		if err != nil {
			return done, err
		}
	}
	var err error
	done.Kept, err = s.forgetUnused(key)
	return done, err
}

// keepBeside keeps a key while nobody else makes the store's first one: a key file
// is read and replaced.
func (s *Store) keepBeside(to KeyProvider, key Key) error {
	unlock, err := s.lockKey(exclusiveLock)
	if err != nil {
		return err
	}
	defer unlock()
	return keep(to, key)
}

// keep keeps a key beside what the provider has, and looks whether it is there.
func keep(p KeyProvider, key Key) error {
	if adder, ok := p.(Adder); ok {
		if err := adder.Add(key); err != nil {
			return err
		}
	} else if got, err := p.Keep(key); err != nil {
		return err
	} else if got.ID() != key.ID() {
		return fmt.Errorf("%w: %s holds another key, and can hold only one", ErrUnavailable, words(p.Name()))
	}
	if got, err := p.Load(key.ID()); err != nil || got.ID() != key.ID() {
		return errors.Join(fmt.Errorf("%w: %s does not return a key that it was given", ErrUnavailable, words(p.Name())), err)
	}
	return nil
}

// announce notes a key in the record before it is made: after a crash no key is
// left of which nobody knows.
func (s *Store) announce(to KeyProvider, key Key) error {
	unlock, err := s.lockKey(exclusiveLock)
	if err != nil {
		return err
	}
	defer unlock()
	r, err := s.readRecord()
	if err != nil && !errors.Is(err, ErrNoKey) {
		return err
	}
	r.Others = append(r.Others, keptBy(to, key.ID()))
	return s.writeRecord(r)
}

// withdraw takes an announcement back if the provider surely does not have the
// key; else it is for the next Rekey to forget.
func (s *Store) withdraw(to KeyProvider, key Key) error {
	if _, err := to.Load(key.ID()); !errors.Is(err, ErrNoKey) {
		return nil
	}
	unlock, err := s.lockKey(exclusiveLock)
	if err != nil {
		return err
	}
	defer unlock()
	r, err := s.readRecord()
	if err != nil {
		return err
	}
	announced := keptBy(to, key.ID())
	r.Others = slices.DeleteFunc(r.Others, func(k keptKey) bool { return k == announced })
	if r.KeyID == "" && len(r.Others) == 0 {
		return s.removeFile(recordName) // there was no store
	}
	return s.writeRecord(r)
}

// switchTo makes the key that under which everyone writes from now on.
func (s *Store) switchTo(to KeyProvider, key Key) error {
	unlock, err := s.lockKey(exclusiveLock)
	if err != nil {
		return err
	}
	defer unlock()
	r, err := s.readRecord()
	if err != nil {
		return removedMeanwhile(err)
	}
	current := keptBy(to, key.ID())
	others := slices.DeleteFunc(r.Others, func(k keptKey) bool { return k == current })
	if r.KeyID != "" {
		others = append(others, r.keptKey)
	}
	s.keys[key.ID()] = key
	return s.writeRecord(record{keptKey: current, Others: others})
}

// move encrypts entries anew, in one go for everyone else.
func (s *Store) move(chunk []location, key Key) (moved, left int, err error) {
	unlock, err := s.lockKey(exclusiveLock)
	if err != nil {
		return 0, 0, err
	}
	defer unlock()
	r, err := s.readRecord()
	if err != nil || r.KeyID != key.ID().String() {
		return 0, 0, removedMeanwhile(err)
	}
	var files []file
	for _, l := range chunk {
		f, err := s.resealed(l, key, numberOf(r.Provider))
		switch {
		case err != nil:
			left++
		case f.path != "":
			files = append(files, f)
		}
	}
	for _, err := range writeFiles(files, s.each) {
		if err != nil {
			return moved, left, err
		}
		moved++
	}
	return moved, left, nil
}

// resealed is the entry under another key, with the time of its last use; none
// if it has that key already, or is gone.
func (s *Store) resealed(l location, key Key, provider byte) (file, error) {
	path := filepath.Join(s.opt.Dir, l.path)
	b, modified, err := readFileTime(path)
	if err != nil {
		if isGone(err) {
			return file{}, nil
		}
		return file{}, err
	}
	h, err := parseHeader(b)
	if err != nil || h.keyID == key.ID() {
		return file{}, err
	}
	old, err := s.key(h)
	if err != nil {
		return file{}, err
	}
	plain, err := unseal(old, l.kind, l.id, b)
	if err != nil {
		return file{}, err
	}
	return file{path: path, data: seal(key, provider, l.kind, l.id, plain), modified: modified}, nil
}
