package store

import (
	"crypto/subtle"
)

// Reject drops the cached token if it is the one whose secret a service has
// rejected, so that it is never handed out again, and says whether it was.
func (s *Store) Reject(k TokenKey, secret string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.drop(k.location(), "a rejected token", func(plain []byte) bool {
		t, ok := decodeToken(plain)
		return ok && subtle.ConstantTimeCompare([]byte(t.Secret.Reveal()), []byte(secret)) == 1
	})
}

// DropState drops a flow's state if it is this one, whose refresh token the
// provider takes no more, and says whether it was.
func (s *Store) DropState(k StateKey, state []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.drop(k.location(), "a state that is used up", func(plain []byte) bool {
		return subtle.ConstantTimeCompare(plain, state) == 1
	})
}

// drop removes an entry if it is what is meant, and says whether it was. s.mu is
// held.
func (s *Store) drop(l location, what string, isIt func(plain []byte) bool) bool {
	defer s.changes.Add(1)
	dropped := false
	if plain, ok := s.recall(l); ok && isIt(plain) {
		delete(s.memory, l.path)
		dropped = true
	}
	if s.opt.Dir == "" || checkDir(s.opt.Dir) != nil {
		return dropped
	}
	// Nobody else writes between the comparison and the removal. If the lock cannot
	// be had, a newer one may go with it, which costs a renewal or a sign-in.
	if unlock, err := s.lockKey(exclusiveLock); err == nil {
		defer unlock()
	}
	plain, err := readEntry(s.opt.Dir, l, s.key)
	if err != nil || !isIt(plain) {
		return dropped
	}
	if err := s.removeFile(l.path); err != nil {
		s.warn("remove", what+" cannot be removed from the store: "+err.Error())
	}
	return true
}

// RejectToken is Reject for a helper, which has no Store.
func RejectToken(dir string, providers []KeyProvider, k TokenKey, secret string) bool {
	if dir == "" {
		return false
	}
	return Open(Options{Dir: dir, ReadKeys: providers}).Reject(k, secret)
}
