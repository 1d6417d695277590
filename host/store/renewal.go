package store

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/authlatch/authlatch/internal/sanitize"
)

// Renewal is what is on record of the renewal of a token ahead of its expiry.
// The record is beside the token's entry, in clear, and says nothing of it.
type Renewal struct {
	// StartedOn is when the last one began; zero if there is none since the token
	// was renewed.
	StartedOn time.Time
	// Tries have begun since then, and none of them is known to have worked.
	Tries int
	// Failed is the reason why the last one that came to an end failed.
	Failed string
}

// A renewal that has not worked is begun again after renewalPause, then after
// twice that, and so on: a provider that is down is not asked by every call of a
// token's last hour.
const (
	renewalPause    = 30 * time.Second
	maxRenewalPause = 10 * time.Minute
	// manyTries is where counting ends, long after the pause has stopped growing.
	manyTries = 1000
)

// Next is when the next renewal may begin.
func (r Renewal) Next() time.Time {
	if r.Tries <= 0 {
		return time.Time{}
	}
	pause := maxRenewalPause
	if r.Tries < 6 {
		pause = min(pause, renewalPause<<(r.Tries-1))
	}
	return r.StartedOn.Add(pause)
}

// allowed says that it may begin at now. A start in the future is none: the
// clock was set back.
func (r Renewal) allowed(now time.Time) bool {
	return r.StartedOn.After(now) || !now.Before(r.Next())
}

const renewalVersion = 1

// renewalPayload is the file.
type renewalPayload struct {
	Version   int    `json:"version"`
	StartedOn int64  `json:"started_on"`
	Tries     int    `json:"tries"`
	Failed    string `json:"failed,omitempty"`
}

// ClaimRenewal says whether the caller is to renew the token of key k ahead of
// its expiry: of all who ask on one directory, one at a time, and none before the
// pause after the last that began is over. It waits for nobody. It is for a helper,
// which has no Store.
func ClaimRenewal(dir string, k TokenKey, now time.Time) bool {
	claimed, err := claimRenewal(dir, k, now)
	return claimed && err == nil
}

func claimRenewal(dir string, k TokenKey, now time.Time) (claimed bool, err error) {
	err = recordRenewal(dir, k, (*flock.Flock).TryLock, func(r Renewal) (Renewal, bool) {
		if claimed = r.allowed(now); !claimed {
			return r, false
		}
		return Renewal{StartedOn: now, Tries: min(r.Tries, manyTries) + 1, Failed: r.Failed}, true
	})
	return claimed, err
}

// ClaimRenewal is the function of that name, for entries in memory too.
func (s *Store) ClaimRenewal(k TokenKey) bool {
	now := s.opt.Now()
	if s.onDiskToo(k) {
		if claimed, err := claimRenewal(s.opt.Dir, k, now); err == nil {
			return claimed
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.renewals[k.id()]
	if !r.allowed(now) {
		return false
	}
	s.renewals[k.id()] = Renewal{StartedOn: now, Tries: r.Tries + 1, Failed: r.Failed}
	return true
}

// EndRenewal notes how a renewal that was claimed has ended: failed is the
// reason in a word, "" if it has worked.
func (s *Store) EndRenewal(k TokenKey, failed string) {
	s.mu.Lock()
	if r, ok := s.renewals[k.id()]; ok {
		if r.Failed = failed; failed == "" {
			delete(s.renewals, k.id())
		} else {
			s.renewals[k.id()] = r
		}
	}
	s.mu.Unlock()
	if !s.onDiskToo(k) {
		return
	}
	// What cannot be noted costs one renewal too many or too few.
	_ = recordRenewal(s.opt.Dir, k, patiently, func(r Renewal) (Renewal, bool) {
		if failed == "" {
			return Renewal{}, true
		}
		r.Failed = failed
		return r, true
	})
}

func (s *Store) renewal(l location) Renewal {
	if r, ok := s.renewals[l.id]; ok || s.opt.Dir == "" {
		return r
	}
	r, _ := readRenewal(filepath.Join(s.opt.Dir, l.renewal()))
	return r
}

// onDiskToo says that the token has a directory, in which the record can be.
func (s *Store) onDiskToo(k TokenKey) bool {
	if s.opt.Dir == "" || checkDir(s.opt.Dir) != nil {
		return false
	}
	_, err := os.Lstat(filepath.Join(s.opt.Dir, filepath.Dir(k.location().path)))
	return err == nil
}

// patiently waits for the lock of a record, which each of many helpers may have for
// a moment: only a stopped process holds it for longer.
func patiently(l *flock.Flock) (bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return l.TryLockContext(ctx, 5*time.Millisecond)
}

// forgetRenewal drops the record of a token that has been replaced, whichever way
// the new one came; kept says whether that is on disk. s.mu is held.
func (s *Store) forgetRenewal(l location, kept bool) {
	if l.kind != kindToken {
		return
	}
	delete(s.renewals, l.id)
	if kept {
		_ = os.Remove(filepath.Join(s.opt.Dir, l.renewal())) // mostly there is none
	}
}

// recordRenewal changes the record under its lock, or fails if lock does not get
// that.
func recordRenewal(dir string, k TokenKey, lock func(*flock.Flock) (bool, error), change func(Renewal) (Renewal, bool)) error {
	if err := checkDir(dir); err != nil {
		return err
	}
	path := filepath.Join(dir, k.location().renewal())
	l := flock.New(lockPath(dir, "renewal of "+k.LockName()), flock.SetPermissions(0o600), flock.SetFlag(os.O_CREATE|os.O_RDONLY|noWait))
	if ok, err := lock(l); err != nil {
		return err
	} else if !ok {
		return errBusy
	}
	defer func() { _ = l.Unlock() }()
	before, err := readRenewal(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	after, changed := change(before)
	switch {
	case !changed:
		return nil
	case after == Renewal{}:
		if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	return replaceFile(path, append(encode(renewalPayload{renewalVersion, epoch(after.StartedOn), after.Tries, after.Failed}), '\n'))
}

// replaceFile puts data at path at once, but does not wait until it is on disk:
// after a loss of power there may be what was there before.
func replaceFile(path string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), tempPrefix) // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // or Accounts sweeps it
	}
	return err
}

var errBusy = errors.New("another process has the lock")

// readRenewal reads a record, which may hold anything. What is none counts as none.
func readRenewal(path string) (Renewal, error) {
	b, err := readFile(path)
	if errors.Is(err, errDamaged) {
		return Renewal{}, nil
	}
	if err != nil {
		return Renewal{}, err
	}
	var p renewalPayload
	if json.Unmarshal(b, &p) != nil || p.Version != renewalVersion || p.Tries < 0 {
		return Renewal{}, nil
	}
	return Renewal{StartedOn: fromEpoch(p.StartedOn), Tries: min(p.Tries, manyTries), Failed: sanitize.Line(p.Failed, maxReason)}, nil
}

// renewal is where the record of a token's renewal is: where it goes with the
// token when its identity is signed out.
func (l location) renewal() string { return l.path + ".renewal" }
