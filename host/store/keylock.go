package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// Whoever writes or removes an entry holds the key lock together with others;
// whoever replaces the store's key, moves an entry from one key to another or
// compares before it removes, holds it alone. So no entry is ever written under
// a key that has just been forgotten, and a rekey brings nothing back that was
// removed or replaced meanwhile. It is taken last, after every lock of Lock.
type lockMode bool

const (
	sharedLock    lockMode = false
	exclusiveLock lockMode = true
)

// keyTimeout bounds the wait for another process that has the key lock: each
// holds it for some writes, which take milliseconds, or for the making of a key.
const keyTimeout = 10 * time.Second

// keyPoll is how often a waiter tries: flock(2) itself cannot be cancelled.
const keyPoll = 2 * time.Millisecond

// lockKey takes the key lock. Who has waited for keyTimeout in vain does not wait
// again: the holder is stopped, and this process has better things to do. s.mu is
// held.
func (s *Store) lockKey(mode lockMode) (unlock func(), err error) {
	timeout := keyTimeout
	if s.waited {
		timeout = 0
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	unlock, err = lockKeyFile(ctx, s.opt.Dir, mode)
	s.waited = isTimeout(err)
	return unlock, err
}

func lockKeyFile(ctx context.Context, dir string, mode lockMode) (unlock func(), err error) {
	path := lockPath(dir, "key")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("locking the store: %w", err)
	}
	l := flock.New(path, flock.SetPermissions(0o600), flock.SetFlag(os.O_CREATE|os.O_RDONLY|noWait))
	try, wait := l.TryRLock, l.TryRLockContext
	if mode == exclusiveLock {
		try, wait = l.TryLock, l.TryLockContext
	}
	ok, err := try()
	if !ok && err == nil {
		_, err = wait(ctx, keyPoll)
	}
	if err != nil {
		_ = l.Close() // it is not locked
		return nil, fmt.Errorf("locking the store: %w", err)
	}
	return func() { _ = l.Unlock() }, nil
}

// isTimeout is whether the wait for a lock has ended.
func isTimeout(err error) bool { return errors.Is(err, context.DeadlineExceeded) }

// sharing takes the key lock for a removal. A removal must happen even where it
// cannot be had. s.mu is held.
func (s *Store) sharing() (unlock func()) {
	if checkDir(s.opt.Dir) != nil {
		return func() {}
	}
	unlock, err := s.lockKey(sharedLock)
	if err != nil {
		return func() {}
	}
	return unlock
}
