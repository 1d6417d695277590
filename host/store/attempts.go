package store

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/authlatch/authlatch/internal/sanitize"
)

// Attempts tells how the sign-ins of an identity have failed since the last that
// succeeded. The zero value: none has.
type Attempts struct {
	// LockName is the identity's or token's.
	LockName string `json:"-"`
	// Number counts the failures on record.
	Number int `json:"number"`
	// Last is the last of them.
	Last Failure `json:"last"`
	// Prompts counts those in a row for which the person was really asked, the last
	// of them at PromptedOn.
	Prompts    int       `json:"prompts"`
	PromptedOn time.Time `json:"prompted_on,omitzero"`
}

// Failure is how a sign-in has failed. It holds no name and no secret, for its
// file is not encrypted: the provider's own words are not in it.
type Failure struct {
	At      time.Time `json:"at"`
	Process Process   `json:"process"`
	// Prompted says that the person was really asked, or that an answer of theirs
	// was refused.
	Prompted  bool `json:"prompted"`
	Cancelled bool `json:"cancelled,omitempty"` // by the person
	// ExitCode and the others are package host's Error.
	ExitCode      int    `json:"exit_code"`
	Reason        string `json:"reason,omitempty"`
	Flow          string `json:"flow,omitempty"`
	AADSTS        int    `json:"aadsts,omitempty"`
	Suberror      string `json:"suberror,omitempty"`
	CorrelationID string `json:"correlation_id,omitempty"`
	TraceID       string `json:"trace_id,omitempty"`
	// Cause is the error itself, in the Store that it was reported to; nil in others.
	Cause error `json:"-"`
}

// The pause after a failed prompt doubles with each further one, from firstPause
// to lastPause. An hour without one, and it begins anew.
const (
	firstPause   = 15 * time.Second
	lastPause    = 15 * time.Minute
	pauseForgets = time.Hour
)

// Pause is for how much longer nobody may be asked again, unless they wish it. A
// clock that has been set back ends it.
func (a Attempts) Pause(now time.Time) time.Duration {
	since := now.Sub(a.PromptedOn)
	if a.Prompts == 0 || since < 0 {
		return 0
	}
	pause := firstPause
	for n := 1; n < a.Prompts && pause < lastPause; n++ {
		pause *= 2
	}
	return max(0, min(pause, lastPause)-since)
}

// After says that a sign-in has failed since before was read.
func (a Attempts) After(before Attempts) bool {
	return a.Number > 0 && (a.Number != before.Number || !a.Last.At.Equal(before.Last.At) || a.Last.Process.PID != before.Last.Process.PID)
}

// remembrance is what this Store itself has recorded, with its Cause.
type remembrance struct {
	Attempts
	onDisk bool
}

// Attempted is what a sign-in was for: an Identity, or only one of its tokens, a
// TokenKey, where the provider has refused that and not the sign-in.
type Attempted interface {
	LockName() string
	// attemptsName is the name of the file.
	attemptsName() string
}

func (i Identity) attemptsName() string { return i.id().String() }
func (k TokenKey) attemptsName() string { return k.Identity.attemptsName() + "-" + k.id().String() }

// Attempts finds how the sign-ins for it have failed, in this process and others.
func (s *Store) Attempts(of Attempted) Attempts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.attempts(of.attemptsName(), of.LockName())
}

// AllAttempts lists those for the identity and for each of its tokens, the last
// first.
func (s *Store) AllAttempts(i Identity) []Attempts {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := map[string]bool{}
	for name := range s.failed {
		names[name] = true
	}
	if s.opt.Dir != "" {
		for _, name := range s.names(attemptsDir) {
			names[name] = true
		}
	}
	var all []Attempts
	for name := range names {
		token, ok := strings.CutPrefix(name, i.attemptsName())
		if !ok {
			continue
		}
		lockName := i.LockName()
		if token != "" {
			lockName = tokenLock + " " + strings.TrimPrefix(token, "-")
		}
		if a := s.attempts(name, lockName); a.Number > 0 {
			all = append(all, a)
		}
	}
	slices.SortFunc(all, func(a, b Attempts) int { return b.Last.At.Compare(a.Last.At) })
	return all
}

// Failed records that a sign-in has failed. It fills in At and Process. Who calls
// it holds the identity's lock.
func (s *Store) Failed(of Attempted, f Failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := of.attemptsName()
	a := s.attempts(name, of.LockName())
	f.At, f.Process = s.opt.Now(), s.process()
	a.Number++
	if f.At.Sub(a.PromptedOn) > pauseForgets {
		a.Prompts = 0
	}
	if f.Prompted {
		a.Prompts++
		a.PromptedOn = f.At
	}
	a.Last = f
	// What cannot be written holds in this process.
	err := s.usable()
	if err == nil {
		err = writeFile(filepath.Join(s.opt.Dir, attemptsDir, name), append(encode(a), '\n'))
	}
	s.failed[name] = remembrance{a, err == nil}
}

// ForgetAttempts is for a sign-in that has succeeded, or that the person wishes:
// it forgets those for the identity and for each of its tokens.
func (s *Store) ForgetAttempts(i Identity) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.forgetAttempts(i.id()); err != nil {
		s.warn("attempts", "the record of a failed sign-in cannot be removed: "+err.Error())
	}
}

// forgetAttempts is ForgetAttempts. s.mu is held.
func (s *Store) forgetAttempts(about id) error {
	its := func(name string) bool { return strings.HasPrefix(name, about.String()) }
	maps.DeleteFunc(s.failed, func(name string, _ remembrance) bool { return its(name) })
	if s.opt.Dir == "" {
		return nil
	}
	var failed []error
	for _, name := range s.names(attemptsDir) {
		if its(name) {
			failed = append(failed, s.removeFile(filepath.Join(attemptsDir, name)))
		}
	}
	return errors.Join(failed...)
}

// attempts reads the file, which anybody may have changed, and prefers what this
// Store knows better. s.mu is held.
func (s *Store) attempts(name, lockName string) Attempts {
	own, ok := s.failed[name]
	own.LockName = lockName
	if s.opt.Dir == "" || checkDir(s.opt.Dir) != nil {
		return own.Attempts
	}
	a, err := readAttempts(filepath.Join(s.opt.Dir, attemptsDir, name))
	a.LockName = lockName
	switch {
	case err == nil && ok && !a.After(own.Attempts):
		return own.Attempts // with its cause
	case err == nil && (own.onDisk || !own.Last.At.After(a.Last.At)):
		return a
	case errors.Is(err, fs.ErrNotExist) && own.onDisk: // another process has forgotten it
		delete(s.failed, name)
		return Attempts{LockName: lockName}
	}
	return own.Attempts
}

func readAttempts(path string) (Attempts, error) {
	b, err := readFile(path)
	if err != nil {
		return Attempts{}, err
	}
	var a Attempts
	if err := json.Unmarshal(b, &a); err != nil || a.Number <= 0 {
		return Attempts{}, os.ErrNotExist // as good as none
	}
	f := &a.Last
	f.Process.Command = sanitize.Line(f.Process.Command, maxCommand)
	for _, text := range []*string{&f.Reason, &f.Flow, &f.Suberror, &f.CorrelationID, &f.TraceID} {
		*text = sanitize.Line(*text, maxReason)
	}
	return a, nil
}

// maxReason bounds each text of a failure, in characters: the contract's reasons
// have 64.
const maxReason = 64
