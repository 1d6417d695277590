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
	// Explicit says that the user chose Keys[0]: it is used to write even if the
	// store was made with another, which remains readable.
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
	made   Key // for a new store
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
		warned: map[string]bool{}, local: map[string]chan struct{}{},
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
	s.put(k.location(), encodeToken(t))
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
	s.put(b.Identity.location(), encodeBinding(b))
}

// State finds a flow's state for an account. It is secret.
func (s *Store) State(k StateKey) ([]byte, bool) { return s.get(k.location()) }

// PutState keeps a flow's state. It must be called before the token that came
// with it leaves the process: the refresh token before it may be used up.
func (s *Store) PutState(k StateKey, state []byte) { s.put(k.location(), state) }

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

// put writes, or keeps in memory with one warning.
func (s *Store) put(l location, payload []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.boundBefore(l)
	if err := s.putFile(l, payload); err != nil {
		s.remember(l, payload, err)
		s.warnOf(err)
		return
	}
	delete(s.memory, l.path)
	s.boundByUs(l, before)
}

func (s *Store) putFile(l location, payload []byte) error {
	w, err := s.writeKey()
	if err != nil {
		return err
	}
	path := filepath.Join(s.opt.Dir, l.path)
	if old, err := readFile(path); err == nil {
		if _, err := parseHeader(old); errors.Is(err, errNewer) {
			return err
		}
	} else if access := (*accessError)(nil); errors.As(err, &access) {
		return err
	}
	return writeFile(path, seal(w.key, w.provider, l.kind, l.id, payload))
}

func (s *Store) remove(l location) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.memory, l.path)
	if s.opt.Dir == "" {
		return
	}
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
		s.warn("unavailable", err.Error()+"; its entries are left alone"+kept)
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
