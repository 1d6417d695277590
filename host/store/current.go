package store

import (
	"errors"
	"fmt"
	"time"
)

// writeKey is the key of new entries.
type writeKey struct {
	key      Key
	provider byte
	// record is what store.json said when it was settled: if that changes, another
	// process has replaced or forgotten the key.
	record []byte
}

// underKey calls write with the key that store.json names, having made one if
// need be, and keeps it from being replaced meanwhile. s.mu is held.
func (s *Store) underKey(write func(writeKey) error) error {
	if err := s.usable(); err != nil {
		return err
	}
	// Again: another process may forget the key (logout --all) between the making
	// and the writing, hardly again and again.
	for range 3 {
		unlock, err := s.lockKey(sharedLock)
		if err != nil {
			return err
		}
		err = s.settle()
		if err == nil {
			err = write(s.write)
			unlock()
			return err
		}
		unlock()
		if !errors.Is(err, ErrNoKey) {
			return err
		}
		if err := s.makeNew(); err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: other processes keep replacing it", ErrUnavailable)
}

// errNoHome: nobody knows where files would be.
var errNoHome = errors.New("there is no home directory; set AUTHLATCH_STORE_DIR")

// Prepare makes the key of a store that has never had one, so that the first
// answer need not wait for it. It says nothing: what does not work is tried again,
// and said, when there is something to keep. It takes what a provider takes that
// hangs, 3 s, at most, and what a stopped process may hold the key lock for.
func (s *Store) Prepare() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.usable() != nil {
		return
	}
	if r, err := s.readRecord(); errors.Is(err, ErrNoKey) && r.KeyID == "" {
		_ = s.makeNew()
	}
}

// usable says whether there are to be files, and makes the directory.
func (s *Store) usable() error {
	if s.opt.Dir == "" && len(s.opt.Keys) > 0 {
		return errNoHome
	}
	if s.opt.Dir == "" || s.opt.Explicit && len(s.opt.Keys) == 0 {
		return errMemory
	}
	return makeDir(s.opt.Dir)
}

// settle makes s.write the key that store.json names. ErrNoKey means that there
// is none, or that it is lost. s.mu is held, and the key lock.
func (s *Store) settle() error {
	r, err := s.readRecord()
	if err != nil {
		return err
	}
	now := encode(r)
	if s.write.record != nil && string(s.write.record) == string(now) {
		return nil
	}
	s.write = writeKey{}
	p, key, err := s.recorded(r)
	if err != nil {
		return err
	}
	s.warnOfChoice(r)
	s.write = writeKey{key: key, provider: numberOf(p.Name()), record: now}
	s.keys[key.ID()] = key
	return nil
}

// makeNew makes the store's key, unless another process has just done so.
func (s *Store) makeNew() error {
	unlock, err := s.lockKey(exclusiveLock)
	if err != nil {
		return err
	}
	defer unlock()
	r, err := s.readRecord()
	if err == nil {
		_, _, err = s.recorded(r)
	}
	if err == nil || !errors.Is(err, ErrNoKey) {
		return err
	}
	if r.KeyID != "" {
		s.warn("lost", lostKey)
	}
	return s.makeKey(r)
}

// slowFailure is what no provider takes that answers; one that hangs has a
// time-out of its own. Who has waited so long is not asked again for slowPause:
// its failure must cost a process that time once, not at every entry.
const (
	slowFailure = time.Second
	slowPause   = time.Minute
)

// failure is what a provider said that was slow to say so.
type failure struct {
	err error
	at  time.Time
}

// load asks a provider for a key. s.mu is held.
func (s *Store) load(p KeyProvider, keyID KeyID) (Key, error) {
	return s.ask(p, func() (Key, error) { return p.Load(keyID) })
}

// keep lets a provider keep a key. s.mu is held.
func (s *Store) keep(p KeyProvider, key Key) (Key, error) {
	return s.ask(p, func() (Key, error) { return p.Keep(key) })
}

func (s *Store) ask(p KeyProvider, what func() (Key, error)) (Key, error) {
	began := s.opt.Now()
	if f, ok := s.slow[p.Name()]; ok && began.Sub(f.at).Abs() < slowPause {
		return Key{}, f.err
	}
	key, err := what()
	delete(s.slow, p.Name())
	if now := s.opt.Now(); errors.Is(err, ErrUnavailable) && now.Sub(began) >= slowFailure {
		s.slow[p.Name()] = failure{err, now}
	}
	return key, err
}

// key finds the key of an entry and keeps it for the next. s.mu is held.
func (s *Store) key(h header) (Key, error) {
	if key, ok := s.keys[h.keyID]; ok {
		return key, nil
	}
	key, err := loadKey(s.providers(), h, s.load)
	if errors.Is(err, ErrNoKey) {
		err = s.lostOrElsewhere(h, err)
	}
	if err == nil {
		s.keys[h.keyID] = key
	}
	return key, err
}

// lostOrElsewhere looks at the record's places for a key that was not found.
func (s *Store) lostOrElsewhere(h header, gone error) error {
	r, err := s.readRecord()
	if err != nil {
		return gone
	}
	for _, k := range append(r.Others, r.keptKey) {
		if p := s.provider(k.Provider); p != nil && k.KeyID == h.keyID.String() {
			return elsewhere(k, p, gone)
		}
	}
	return gone
}
