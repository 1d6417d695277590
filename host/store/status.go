package store

import (
	"errors"
	"io/fs"
	"path/filepath"
)

// KeyState says what is the matter with a store's key.
type KeyState string

// The states of a key. Why says more.
const (
	KeyNone        KeyState = "none"        // nothing has been kept yet
	KeyAvailable   KeyState = "available"   // entries are read and written
	KeyLost        KeyState = "lost"        // the next sign-in makes a new one
	KeyUnavailable KeyState = "unavailable" // sign-ins stay in memory
	KeyMemory      KeyState = "memory"      // as the user wished, or for want of a directory
)

// Status is how a Store stands. Its errors say why not; nil is well.
type Status struct {
	// Dir is "" if all is in memory.
	Dir string
	// Key is the state of the key that new entries are written under; Why is nil
	// only for KeyNone and KeyAvailable.
	Key KeyState
	Why error
	// Provider keeps it, and KeyID names it: "" if there is none yet.
	Provider string
	KeyID    string
	// Chosen is the provider that the user names, if the store was made with
	// another.
	Chosen string
	// Copied says that the provider's key is copied for this session.
	Copied bool
	// Providers are all that there are here, the best first.
	Providers []ProviderStatus
	Entries   EntryCount
}

// ProviderStatus says whether a provider could keep a key here and now.
type ProviderStatus struct {
	Name string
	Err  error
}

// EntryCount counts the entries of a store.
type EntryCount struct {
	Readable int
	// OtherKey have a key that is not available here, or lost.
	OtherKey int
	// Newer are of a newer version of authlatch.
	Newer int
	// Unreadable are damaged and not moved aside yet, or not private.
	Unreadable int
	// Aside were damaged and have been moved aside.
	Aside int
}

// Status looks at the store and at every provider. It changes no file, and takes
// no lock. A provider may take seconds to answer, and D-Bus may start the Secret
// Service for it.
func (s *Store) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := Status{Dir: s.opt.Dir}
	st.Key, st.Why = s.keyState(&st)
	for _, p := range s.providers() {
		st.Providers = append(st.Providers, ProviderStatus{p.Name(), couldKeep(p)})
	}
	if st.Key == KeyMemory {
		return st
	}
	for _, l := range s.onDisk() {
		s.count(l, &st.Entries)
	}
	st.Entries.Aside = len(s.names(damagedDir))
	return st
}

func couldKeep(p KeyProvider) error {
	if c, ok := p.(Checker); ok {
		return c.Check()
	}
	return nil
}

func (s *Store) keyState(st *Status) (KeyState, error) {
	if s.opt.Dir == "" && len(s.opt.Keys) > 0 {
		return KeyMemory, errNoHome
	}
	if s.opt.Dir == "" || s.opt.Explicit && len(s.opt.Keys) == 0 {
		return KeyMemory, errMemory
	}
	if err := checkDir(s.opt.Dir); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return s.noKey(mayCreate(s.opt.Dir))
		}
		return KeyUnavailable, err
	}
	r, err := s.readRecord()
	if errors.Is(err, ErrNoKey) || err == nil && r.KeyID == "" {
		return s.noKey(nil)
	}
	if err != nil {
		return KeyUnavailable, err
	}
	st.Provider, st.KeyID = r.Provider, r.KeyID
	if s.opt.Explicit && s.opt.Keys[0].Name() != r.Provider {
		st.Chosen = s.opt.Keys[0].Name()
	}
	p, key, err := s.recorded(r)
	switch {
	case errors.Is(err, ErrNoKey):
		return KeyLost, errors.New(lostKey)
	case err != nil:
		return KeyUnavailable, err
	}
	if c, ok := p.(Copier); ok {
		st.Copied = c.HasCopy(key.ID())
	}
	return KeyAvailable, nil
}

// noKey is the state of a store that has no key yet: whether one can be made.
func (s *Store) noKey(err error) (KeyState, error) {
	if err != nil {
		return KeyUnavailable, err
	}
	err = ErrNoProvider
	for _, p := range s.opt.Keys {
		e := couldKeep(p)
		if e == nil {
			return KeyNone, nil
		}
		if s.opt.Explicit {
			err = e
		}
	}
	return KeyUnavailable, err
}

func (s *Store) count(l location, n *EntryCount) {
	b, err := readFile(filepath.Join(s.opt.Dir, l.path))
	var h header
	if err == nil {
		h, err = parseHeader(b)
	}
	var key Key
	if err == nil {
		if key, err = s.key(h); err != nil {
			n.OtherKey++
			return
		}
		_, err = unseal(key, l.kind, l.id, b)
	}
	switch {
	case err == nil:
		n.Readable++
	case errors.Is(err, errNewer):
		n.Newer++
	case !isGone(err):
		n.Unreadable++
	}
}
