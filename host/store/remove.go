package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Remove signs an identity out: its binding, its tokens, and the flow's state,
// unless another identity is signed in to the same account by the same flow. It
// fails and removes nothing if the binding is there and cannot be read: nobody
// could say then which state, with its refresh token, is left behind.
func (s *Store) Remove(i Identity) error {
	about := i.id()
	binding, signedIn, err := s.boundTo(i)
	if err != nil {
		return err
	}
	elsewhere := false
	for _, b := range s.Accounts() {
		elsewhere = elsewhere || b.Identity.id() != about && signedIn && b.StateKey().id() == binding.StateKey().id()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.changes.Add(1)
	if s.opt.Dir != "" {
		defer s.sharing()()
	}
	if signedIn && !elsewhere {
		// First, because a state without its binding is found by nobody.
		state := binding.StateKey().location()
		delete(s.memory, state.path)
		if err := s.removeEntry(state); err != nil {
			return err
		}
	}
	dir := filepath.Join(accountsDir, about.String())
	for path := range s.memory {
		if strings.HasPrefix(path, dir+string(filepath.Separator)) {
			delete(s.memory, path)
		}
	}
	return errors.Join(s.removeTree(dir), s.removeTree(bindingAt(about).aside()), s.forgetAttempts(about))
}

// boundTo is the identity's binding, for its removal: one that cannot be read is
// an error, and is left where it is.
func (s *Store) boundTo(i Identity) (b Binding, signedIn bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := i.location()
	payload, ok := s.recall(l)
	if !ok && s.opt.Dir != "" {
		if err := checkDir(s.opt.Dir); errors.Is(err, fs.ErrNotExist) {
			return b, false, nil
		} else if err != nil {
			return b, false, err
		}
		payload, err = readEntry(s.opt.Dir, l, s.key)
		if errors.Is(err, fs.ErrNotExist) {
			if _, gone := os.Lstat(filepath.Join(s.opt.Dir, l.aside())); gone != nil {
				return b, false, nil
			}
			err = errDamaged // and moved aside
		}
		if err != nil {
			return b, false, unreadable(err)
		}
		ok = true
	}
	if !ok {
		return b, false, nil
	}
	if b, ok = decodeBinding(payload); !ok {
		return b, false, unreadable(errDamaged)
	}
	return b, true, nil
}

// ErrUnreadable is Remove's error for a binding that is there and cannot be read.
var ErrUnreadable = errors.New("who is signed in cannot be read, nor which refresh token is theirs")

func unreadable(err error) error {
	return fmt.Errorf("%w: %w", ErrUnreadable, err)
}

// removeEntry removes an entry and what of it was moved aside. s.mu is held.
func (s *Store) removeEntry(l location) error {
	if s.opt.Dir == "" {
		return nil
	}
	return errors.Join(s.removeFile(l.path), s.removeTree(l.aside()))
}
