package store

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/authlatch/authlatch/internal/sanitize"
)

// Attempts tells how the sign-ins of an identity have failed since the last that
// succeeded. The zero value: none has.
type Attempts struct {
	// LockName is the identity's.
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

// Attempts finds how the identity's sign-ins have failed, in this process and
// others.
func (s *Store) Attempts(i Identity) Attempts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.attempts(i.id())
}

// AllAttempts lists the identities whose last sign-in has failed, in no order.
func (s *Store) AllAttempts() []Attempts {
	s.mu.Lock()
	defer s.mu.Unlock()
	about := map[id]bool{}
	for i := range s.failed {
		about[i] = true
	}
	if s.opt.Dir != "" {
		for _, name := range s.names(attemptsDir) {
			if i, ok := parseID(name); ok {
				about[i] = true
			}
		}
	}
	var all []Attempts
	for i := range about {
		if a := s.attempts(i); a.Number > 0 {
			all = append(all, a)
		}
	}
	return all
}

// Failed records that a sign-in of the identity has failed. It fills in At and
// Process. Who calls it holds the identity's lock.
func (s *Store) Failed(i Identity, f Failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	about := i.id()
	a := s.attempts(about)
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
		err = writeFile(filepath.Join(s.opt.Dir, attemptsPath(about)), append(encode(a), '\n'))
	}
	s.failed[about] = remembrance{a, err == nil}
}

// ForgetAttempts is for a sign-in that has succeeded, or that the person wishes.
// What cannot be removed makes others wait for no longer than its pause.
func (s *Store) ForgetAttempts(i Identity) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.forgetAttempts(i.id())
}

// forgetAttempts is ForgetAttempts. s.mu is held.
func (s *Store) forgetAttempts(about id) error {
	delete(s.failed, about)
	if s.opt.Dir == "" {
		return nil
	}
	return s.removeFile(attemptsPath(about))
}

func attemptsPath(about id) string { return filepath.Join(attemptsDir, about.String()) }

// attempts reads the file, which anybody may have changed, and prefers what this
// Store knows better. s.mu is held.
func (s *Store) attempts(about id) Attempts {
	own, ok := s.failed[about]
	own.LockName = signInLock + " " + about.String()
	if s.opt.Dir == "" || checkDir(s.opt.Dir) != nil {
		return own.Attempts
	}
	a, err := readAttempts(filepath.Join(s.opt.Dir, attemptsPath(about)))
	a.LockName = own.LockName
	switch {
	case err == nil && ok && !a.After(own.Attempts):
		return own.Attempts // with its cause
	case err == nil && (own.onDisk || !own.Last.At.After(a.Last.At)):
		return a
	case errors.Is(err, fs.ErrNotExist) && own.onDisk: // another process has forgotten it
		delete(s.failed, about)
		return Attempts{LockName: own.LockName}
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
