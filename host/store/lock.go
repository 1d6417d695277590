package store

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// lockPoll is how often a waiter tries: flock(2) itself cannot be cancelled. A
// hundred waiters at this pace cost less than one sign-in.
const lockPoll = 25 * time.Millisecond

// LockName names the identity's lock, for Lock.
func (i Identity) LockName() string { return "identity " + i.id().String() }

// LockName names the account's lock, for Lock.
func (k StateKey) LockName() string { return "account " + k.id().String() }

// Lock takes the lock of that name against every other holder, in this process
// and others, and waits for it until ctx ends. It is held until unlock is called
// or the process ends. Where no lock file can be had (memory, or a directory
// that cannot be written) it holds against this Store only.
func (s *Store) Lock(ctx context.Context, name string) (unlock func(), err error) {
	s.mu.Lock()
	turn, ok := s.local[name]
	if !ok {
		turn = make(chan struct{}, 1)
		s.local[name] = turn
	}
	s.mu.Unlock()
	select {
	case turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	done := func() { <-turn }
	if s.opt.Dir == "" || makeDir(s.opt.Dir) != nil {
		return done, nil
	}
	release, err := lockFile(ctx, filepath.Join(s.opt.Dir, locksDir), name)
	if ctx.Err() != nil && err != nil {
		done()
		return nil, ctx.Err()
	}
	if err != nil {
		s.mu.Lock()
		s.warn("lock", "the store cannot be locked, other processes may ask at the same time: "+err.Error())
		s.mu.Unlock()
		return done, nil
	}
	return func() { release(); done() }, nil
}

// lockFile locks a file in dir. It is never unlinked: whoever waits on it and
// whoever comes must meet at the same one.
func lockFile(ctx context.Context, dir, name string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	d := newDigest("lock")
	d.text(name)
	l := flock.New(filepath.Join(dir, d.sum().String()), flock.SetPermissions(0o600))
	if _, err := l.TryLockContext(ctx, lockPoll); err != nil {
		return nil, err
	}
	return func() { _ = l.Unlock() }, nil
}
