package store

import (
	"crypto/subtle"
)

// Reject drops the cached token if it is the one whose secret a service has
// rejected, so that it is never handed out again, and says whether it was.
func (s *Store) Reject(k TokenKey, secret string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := k.location()
	isIt := func(plain []byte) bool {
		t, ok := decodeToken(plain)
		return ok && subtle.ConstantTimeCompare([]byte(t.Secret.Reveal()), []byte(secret)) == 1
	}
	rejected := false
	if plain, ok := s.recall(l); ok && isIt(plain) {
		delete(s.memory, l.path)
		rejected = true
	}
	if s.opt.Dir == "" || checkDir(s.opt.Dir) != nil {
		return rejected
	}
	// Nobody else writes between the comparison and the removal. If the lock cannot
	// be had, a newer token may go with it, which costs a renewal.
	if unlock, err := s.lockKey(exclusiveLock); err == nil {
		defer unlock()
	}
	plain, err := readEntry(s.opt.Dir, l, s.key)
	if err != nil || !isIt(plain) {
		return rejected
	}
	if err := s.removeFile(l.path); err != nil {
		s.warn("remove", "a rejected token cannot be removed from the store: "+err.Error())
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
