package store

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// A waiter tries again after firstPoll, then ever more rarely, down to lastPoll:
// flock(2) itself cannot be cancelled. Most locks are held for some writes; of
// those that wait for a person, a hundred at the last pace cost less than one
// sign-in.
const (
	firstPoll = time.Millisecond
	lastPoll  = 25 * time.Millisecond
)

// tellAfter is how long a waiter is patient before it says whom it waits for.
const tellAfter = time.Second

// The first word of a lock's name says what its holder does.
const (
	signInLock  = "identity"
	accountLock = "account"
	rekeyLock   = "rekey"
	tokenLock   = "token"
	silentLock  = "silent"
	entriesLock = "entries"
)

// LockName names the identity's lock, for Lock: who holds it signs in.
func (i Identity) LockName() string { return signInLock + " " + i.id().String() }

// SilentLockName names the lock, for Lock, of who signs the identity in without a
// person.
func (i Identity) SilentLockName() string { return silentLock + " " + i.LockName() }

// EntriesLockName names the lock, for Lock, of who compares and writes the
// identity's entries.
func (i Identity) EntriesLockName() string { return entriesLock + " " + i.LockName() }

// LockName names the account's lock, for Lock: who holds it renews its tokens.
func (k StateKey) LockName() string { return accountLock + " " + k.id().String() }

// LockName names the token, as the others name their locks.
func (k TokenKey) LockName() string { return tokenLock + " " + k.id().String() }

// Lock takes the lock of that name against every other holder, in this process
// and others, and waits for it until ctx ends: then the error is a *LockedError
// that wraps the context's. After a second it tells Options.Waiting, once, if
// another process has it. It is held until unlock is called or the process ends,
// however that ends. Where no lock file can be had (memory, or a directory that
// cannot be written) it holds against this Store only.
func (s *Store) Lock(ctx context.Context, name string) (unlock func(), err error) {
	path := ""
	if s.opt.Dir != "" && makeDir(s.opt.Dir) == nil {
		path = lockPath(s.opt.Dir, name)
	}
	turn := s.turn(name)
	select {
	case turn <- struct{}{}:
	case <-ctx.Done():
		return nil, s.locked(ctx, path, name)
	}
	done := func() { <-turn }
	if path == "" {
		return done, nil
	}
	release, err := s.lockFile(ctx, path, name)
	if ctx.Err() != nil && err != nil {
		done()
		return nil, s.locked(ctx, path, name)
	}
	if err != nil {
		s.mu.Lock()
		s.warn("lock", "the store cannot be locked, other processes may ask at the same time: "+err.Error())
		s.mu.Unlock()
		return done, nil
	}
	return func() { release(); done() }, nil
}

// turn is the lock of that name within this Store: who can send has it.
func (s *Store) turn(name string) chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	turn, ok := s.local[name]
	if !ok {
		turn = make(chan struct{}, 1)
		s.local[name] = turn
	}
	return turn
}

// lockPath is where a lock's file is. It is never unlinked: whoever waits on it
// and whoever comes must meet at the same one.
func lockPath(dir, name string) string { return filepath.Join(dir, locksDir, lockID(name).String()) }

func lockID(name string) id {
	d := newDigest("lock")
	d.text(name)
	return d.sum()
}

// lockFile locks a file, and writes into it who has it.
func (s *Store) lockFile(ctx context.Context, path, name string) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	l := flock.New(path, flock.SetPermissions(0o600), flock.SetFlag(os.O_CREATE|os.O_RDONLY|noWait))
	if err := s.poll(ctx, l, path, name); err != nil {
		return nil, err
	}
	erase := sign(path, Held{name, s.self()})
	return func() { erase(); _ = l.Unlock() }, nil
}

// poll tries until it has the lock or ctx ends.
func (s *Store) poll(ctx context.Context, l *flock.Flock, path, name string) error {
	ok, err := l.TryLock()
	if ok || err != nil {
		return err
	}
	impatient := time.NewTimer(tellAfter)
	defer impatient.Stop()
	for pause := firstPoll; ; pause = min(2*pause, lastPoll) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-impatient.C:
			if s.opt.Waiting != nil {
				s.opt.Waiting(readHeld(path, name))
			}
		case <-time.After(pause):
		}
		if ok, err := l.TryLock(); ok || err != nil {
			return err
		}
	}
}

// locked is the error of who has waited for the lock in vain.
func (s *Store) locked(ctx context.Context, path, name string) error {
	held := Held{Lock: name}
	if path != "" {
		held = readHeld(path, name)
	}
	return &LockedError{Held: held, At: s.opt.Now(), Err: ctx.Err()}
}
