package store

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
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
	// Look says that this process only looks: what is damaged stays where it is, and
	// nothing is swept.
	Look bool
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Warn gets each warning once, as one line without a secret; nil drops them.
	Warn func(string)
	// Command is what this process calls itself to those who wait for it, without
	// arguments: "authlatch login"; "" is its binary's name.
	Command string
	// Waiting hears of a lock that this process has waited for a second for; nil
	// says nothing. It is called by whoever waits, and must return soon.
	Waiting func(Held)
}

// Store reads and writes entries. It is safe for concurrent use, also by
// several processes on one directory. What cannot be kept on disk it keeps in
// memory, where only this Store finds it.
type Store struct {
	opt  Options
	each func(n int, do func(int)) // how several files get to the disk

	// changes counts what this Store has done to entries, for Watch.
	changes atomic.Uint64

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
	failed map[string]remembrance   // failed sign-ins

	renewals map[id]Renewal // of tokens that are not on disk
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
		opt: opt, each: atOnce, memory: map[string]remembered{}, keys: map[KeyID]Key{},
		warned: map[string]bool{}, local: map[string]chan struct{}{}, slow: map[string]failure{},
		failed: map[string]remembrance{}, renewals: map[id]Renewal{},
	}
}

// Token finds a cached token, fresh or not. If it is fresh, this is its last use.
func (s *Store) Token(k TokenKey) (Token, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := k.location()
	b, last, ok := s.find(l)
	if !ok {
		return Token{}, false
	}
	t, ok := decodeToken(b)
	if !ok {
		return Token{}, false
	}
	now := s.opt.Now()
	if m, inMemory := s.memory[l.path]; inMemory {
		m.used = now
		s.memory[l.path] = m
	} else {
		used(s.opt.Dir, l, t, last, now)
	}
	return t, true
}

// PutToken keeps one token, durably unless a warning says otherwise. A zero
// ObtainedOn is now. It is for embedders that have got a token in another way;
// PutAnswer keeps all that a flow's answer brings.
func (s *Store) PutToken(k TokenKey, t Token) { s.put(s.tokenPayload(k, t)) }

// Binding finds the account that an identity is signed in to.
func (s *Store) Binding(i Identity) (Binding, bool) {
	b, ok := s.get(i.location())
	if !ok {
		return Binding{}, false
	}
	return decodeBinding(b)
}

// State finds a flow's state for an account. It is secret.
func (s *Store) State(k StateKey) ([]byte, bool) { return s.get(k.location()) }

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
		s.warn("unavailable", err.Error()+kept+s.wayOut())
	case errors.Is(err, ErrNoProvider):
		s.warn("unavailable", err.Error())
	default:
		s.warn("access", "the store cannot be used: "+err.Error()+kept)
	}
}

// wayOut is what to do where the key is not available: name another keeper. A
// store that is not there yet is made by the next sign-in; only one that is has
// entries to be left alone.
func (s *Store) wayOut() string {
	r, err := s.readRecord()
	silent := r.Provider // has just been asked
	if err != nil && s.opt.Explicit {
		silent = s.opt.Keys[0].Name()
	}
	var others []string
	for _, p := range s.providers() {
		if p.Name() != silent && couldKeep(p) == nil {
			others = append(others, p.Name())
		}
	}
	switch {
	case err != nil && len(others) > 0:
		return "; to keep them, set [store] key or AUTHLATCH_STORE_KEY to " + strings.Join(others, " or ")
	case err != nil:
		return ""
	case len(others) == 0:
		return "; what is kept is left alone"
	}
	return "; what is kept is left alone; to keep new ones elsewhere, run: authlatch store rekey --to " + others[0]
}

// warn says each kind of thing once. s.mu is held.
func (s *Store) warn(kind, text string) {
	if !s.warned[kind] {
		s.warned[kind] = true
		s.opt.Warn(text)
	}
}
