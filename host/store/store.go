package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Options of Open.
type Options struct {
	// Dir is the store's directory, made if need be; "" keeps all in memory.
	Dir string
	// Keys are the providers that may keep the key of a new store, the first
	// that works; none keeps all in memory. Package keys makes the list from the
	// user's choice.
	Keys []KeyProvider
	// ReadKeys are more providers that a store may have been made with.
	ReadKeys []KeyProvider
	// Explicit says that the user chose Keys[0]. A store that was made with another
	// stays with that one, with a warning, until Rekey.
	Explicit bool
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Warn gets each warning once, as one line without a secret; nil drops them.
	Warn func(string)
}

// Store reads and writes entries. It is safe for concurrent use, also by
// several processes on one directory. What cannot be kept on disk it keeps in
// memory, where only this Store finds it.
type Store struct {
	opt Options

	mu     sync.Mutex
	memory map[string]remembered // by location.path
	unkept error                 // why the last of memory is not on disk
	keys   map[KeyID]Key
	write  writeKey
	made   Key                // for a new store
	waited bool               // in vain for the key lock
	slow   map[string]failure // by provider
	warned map[string]bool
	local  map[string]chan struct{} // locks within this process
}

// Open opens the store. It touches no file: what is wrong shows as a warning
// when an entry is read or written.
func Open(opt Options) *Store {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Warn == nil {
		opt.Warn = func(string) {}
	}
	return &Store{
		opt: opt, memory: map[string]remembered{}, keys: map[KeyID]Key{},
		warned: map[string]bool{}, local: map[string]chan struct{}{}, slow: map[string]failure{},
	}
}

// Token finds a cached token, fresh or not.
func (s *Store) Token(k TokenKey) (Token, bool) {
	b, ok := s.get(k.location())
	if !ok {
		return Token{}, false
	}
	return decodeToken(b)
}

// PutToken keeps a token, durably unless a warning says otherwise. A zero
// ObtainedOn is now.
func (s *Store) PutToken(k TokenKey, t Token) {
	if t.ObtainedOn.IsZero() {
		t.ObtainedOn = s.opt.Now()
	}
	s.put(payload{k.location(), encodeToken(t)})
}

// DeleteToken drops a token that was rejected.
func (s *Store) DeleteToken(k TokenKey) { s.remove(k.location()) }

// Binding finds the account that an identity is signed in to.
func (s *Store) Binding(i Identity) (Binding, bool) {
	b, ok := s.get(i.location())
	if !ok {
		return Binding{}, false
	}
	return decodeBinding(b)
}

// PutBinding keeps a binding under b.Identity. A zero SignedInOn is now.
func (s *Store) PutBinding(b Binding) {
	if b.SignedInOn.IsZero() {
		b.SignedInOn = s.opt.Now()
	}
	s.put(payload{b.Identity.location(), encodeBinding(b)})
}

// State finds a flow's state for an account. It is secret.
func (s *Store) State(k StateKey) ([]byte, bool) { return s.get(k.location()) }

// PutState keeps a flow's state. It must be called before the token that came
// with it leaves the process: the refresh token before it may be used up.
func (s *Store) PutState(k StateKey, state []byte) { s.put(payload{k.location(), state}) }

// DeleteState drops a flow's state, whose refresh token is revoked.
func (s *Store) DeleteState(k StateKey) { s.remove(k.location()) }

func (s *Store) get(l location) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b, ok := s.recall(l); ok {
		return b, true
	}
	if s.opt.Dir == "" {
		return nil, false
	}
	if err := checkDir(s.opt.Dir); err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			s.warnOf(err)
		}
		return nil, false
	}
	b, err := readEntry(s.opt.Dir, l, s.key)
	if errors.Is(err, errDamaged) { // once more: it may have been replaced
		b, err = readEntry(s.opt.Dir, l, s.key)
	}
	switch {
	case err == nil:
		return b, true
	case errors.Is(err, errDamaged):
		return s.moveAside(l)
	case !errors.Is(err, fs.ErrNotExist):
		s.warnOf(err)
	}
	return nil, false
}

// payload is what is to be kept at a location.
type payload struct {
	location
	plain []byte
}

// put writes, or keeps in memory with one warning, all of it in that order.
func (s *Store) put(all ...payload) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := make([]seen, len(all))
	for i, p := range all {
		before[i] = s.boundBefore(p.location)
	}
	errs := s.putFiles(all)
	for i, p := range all {
		if errs[i] != nil {
			s.remember(p.location, p.plain, errs[i])
			s.warnOf(errs[i])
			continue
		}
		delete(s.memory, p.path)
		s.boundByUs(p.location, before[i])
	}
}

func (s *Store) putFiles(all []payload) []error {
	errs := make([]error, len(all))
	err := s.underKey(func(w writeKey) error {
		var files []file
		var of []int
		for i, p := range all {
			if errs[i] = s.replaceable(p.path); errs[i] == nil {
				data := seal(w.key, w.provider, p.kind, p.id, p.plain)
				files, of = append(files, file{path: filepath.Join(s.opt.Dir, p.path), data: data}), append(of, i)
			}
		}
		for n, err := range writeFiles(files) {
			errs[of[n]] = err
		}
		return nil
	})
	if err != nil {
		for i := range errs {
			errs[i] = err
		}
	}
	return errs
}

// replaceable says why what is at path must not be written over.
func (s *Store) replaceable(path string) error {
	old, err := readFile(filepath.Join(s.opt.Dir, path))
	if err == nil {
		if _, err := parseHeader(old); errors.Is(err, errNewer) {
			return err
		}
	} else if access := (*accessError)(nil); errors.As(err, &access) {
		return err
	}
	return nil
}

func (s *Store) remove(l location) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.memory, l.path)
	if s.opt.Dir == "" {
		return
	}
	defer s.sharing()()
	if err := s.removeFile(l.path); err != nil {
		s.warn("remove", "an entry cannot be removed from the store: "+err.Error())
	}
}

// removeFile removes an entry of this user's own store; what is gone is gone.
func (s *Store) removeFile(path string) error {
	err := checkDir(s.opt.Dir)
	if err == nil {
		err = os.Remove(filepath.Join(s.opt.Dir, path))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// warnOf says why the store is not used. s.mu is held.
func (s *Store) warnOf(err error) {
	const kept = "; sign-ins are kept only until this process ends"
	switch {
	case errors.Is(err, errMemory): // as the user wished
	case errors.Is(err, errNewer):
		s.warn("newer", "the store has entries of a newer authlatch, which are left alone; update this one")
	case errors.Is(err, ErrNoKey):
		s.warn("lost", lostKey)
	case errors.Is(err, ErrUnavailable):
		s.warn("unavailable", err.Error()+"; its entries are left alone"+kept+"; to keep them otherwise, run: authlatch store rekey")
	case errors.Is(err, ErrNoProvider):
		s.warn("unavailable", err.Error())
	default:
		s.warn("access", "the store cannot be used: "+err.Error()+kept)
	}
}

// warn says each kind of thing once. s.mu is held.
func (s *Store) warn(kind, text string) {
	if !s.warned[kind] {
		s.warned[kind] = true
		s.opt.Warn(text)
	}
}
