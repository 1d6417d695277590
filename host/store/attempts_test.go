package store

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var declined = Failure{Prompted: true, ExitCode: 4, Reason: "ACCESS_DENIED", Flow: "browser", AADSTS: 65004, CorrelationID: "c", TraceID: "t"}

// A failure is known to other processes, with all that its error says but names;
// in its own with the error itself.
func TestAttemptsAreShared(t *testing.T) {
	f := newFixture(t)
	s, other := f.open(), f.open()
	before := other.Attempts(ada)
	if before.Number != 0 || before.After(Attempts{}) {
		t.Errorf("before: %+v", before)
	}
	failure := declined
	failure.Cause = errors.New("ada said no")
	s.Failed(ada, failure)
	own, theirs := s.Attempts(ada), other.Attempts(ada)
	if !own.After(before) || !theirs.After(before) || own.After(own) {
		t.Error("it is not after what was before")
	}
	if own.Last.Cause == nil || theirs.Last.Cause != nil {
		t.Errorf("causes: %v, %v", own.Last.Cause, theirs.Last.Cause)
	}
	want := declined
	want.At, want.Process = noon, s.process()
	theirs.Last.At = theirs.Last.At.UTC()
	if theirs.Last != want || theirs.Prompts != 1 || theirs.LockName != ada.LockName() {
		t.Errorf("got %+v", theirs)
	}
	b, err := os.ReadFile(filepath.Join(f.dir, attemptsDir, ada.attemptsName()))
	if err != nil || strings.Contains(string(b), "ada") || strings.Contains(string(b), "work") {
		t.Errorf("%v, %s", err, b)
	}
	bob := ada
	bob.Profile = "bob"
	if other.Attempts(bob).Number != 0 {
		t.Error("another identity's")
	}

	other.ForgetAttempts(ada)
	for name, s := range map[string]*Store{"own": s, "other": other, "new": f.open()} {
		if a := s.Attempts(ada); a.Number != 0 {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

func TestSigningOutForgetsAttempts(t *testing.T) {
	for name, remove := range map[string]func(*Store) error{
		"one": func(s *Store) error { return s.Remove(ada) },
		"all": (*Store).RemoveAll,
	} {
		f := newFixture(t)
		s := f.open()
		s.Failed(ada, declined)
		if err := remove(s); err != nil || s.Attempts(ada).Number != 0 || f.open().Attempts(ada).Number != 0 {
			t.Errorf("%s: %v, %+v", name, err, s.Attempts(ada))
		}
	}
}

// The pause grows with each failed prompt, and with nothing else.
func TestPause(t *testing.T) {
	f := newFixture(t)
	check := func(what string, want time.Duration) {
		t.Helper()
		if got := f.open().Attempts(ada).Pause(f.now); got != want {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	check("none has failed", 0)
	for _, want := range []time.Duration{15, 30, 60, 120, 240, 480, 900, 900, 900} {
		f.open().Failed(ada, declined)
		check("at once", want*time.Second)
		f.now = f.now.Add(want*time.Second - 1)
		check("nearly over", 1)
		f.now = f.now.Add(1)
		check("over", 0)
	}
	f.open().Failed(ada, Failure{ExitCode: 5})
	check("nobody was asked", 0)
	if a := f.open().Attempts(ada); a.Prompts != 9 || a.Number != 10 {
		t.Errorf("%+v", a)
	}
	f.now = f.now.Add(time.Hour + 1)
	f.open().Failed(ada, declined)
	check("an hour later it begins anew", 15*time.Second)
	f.now = f.now.Add(-time.Minute)
	check("a clock that was set back", 0)
	f.now = f.now.Add(24 * time.Hour)
	check("a clock that was set forward", 0)
}

// Where there is no key, another process knows all the same; where nothing can be
// written, or may be, at least this one does.
func TestAttemptsWithoutAStore(t *testing.T) {
	for name, c := range map[string]struct {
		harm   func(*fixture)
		shared bool
	}{
		"no key":               {func(f *fixture) { f.keys[0].(*fakeKeys).err = ErrUnavailable }, true},
		"by choice":            {func(f *fixture) { f.dir, f.keys, f.explicit = "", nil, true }, false},
		"by choice, in a dir":  {func(f *fixture) { f.keys, f.explicit = nil, true }, false},
		"no home":              {func(f *fixture) { f.dir = "" }, false},
		"attempts is a file":   {func(f *fixture) { mkdir(f.t, f.dir, 0o700); writeText(f.t, filepath.Join(f.dir, attemptsDir), "") }, false},
		"the record is damned": {func(f *fixture) { mkdir(f.t, filepath.Join(f.dir, attemptsDir, ada.attemptsName()), 0o700) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			c.harm(f)
			s := f.open()
			for n := 1; n < 3; n++ {
				s.Failed(ada, declined)
				if a := s.Attempts(ada); a.Number != n || a.Prompts != n {
					t.Errorf("own: %+v", a)
				}
			}
			if a := f.open().Attempts(ada); (a.Number == 2) != c.shared {
				t.Errorf("another's: %+v", a)
			}
			s.ForgetAttempts(ada)
			if a := s.Attempts(ada); a.Number != 0 {
				t.Errorf("forgotten: %+v", a)
			}
		})
	}
}

// The file is not encrypted, and may hold anything.
func TestAttemptsFilesThatHoldAnything(t *testing.T) {
	for text, number := range map[string]int{
		"": 0, "x": 0, "null": 0, "[]": 0, `{"number":-1}`: 0, `{"number":"x"}`: 0, `{"number":1e99}`: 0,
		`{"number":3,"prompts":2000000000,"prompted_on":"2026-01-01T12:00:00Z"}`:                                       3,
		`{"number":1,"last":{"reason":"\u001b[2JX\u202e","process":{"pid":7,"command":"\u001b]0;x\u0007y"}},"more":1}`: 1,
	} {
		f := newFixture(t)
		path := filepath.Join(f.dir, attemptsDir, ada.attemptsName())
		mkdir(t, f.dir, 0o700)
		mkdir(t, filepath.Dir(path), 0o700)
		writeText(t, path, text)
		a := f.open().Attempts(ada)
		if a.Number != number || a.Pause(noon) > lastPause || a.Pause(noon) < 0 {
			t.Errorf("%s: %+v", text, a)
		}
		if strings.ContainsAny(a.Last.Reason+a.Last.Process.Command, "\x1b\u202e\a") {
			t.Errorf("%+q", a.Last.Reason+a.Last.Process.Command)
		}
		f.open().Failed(ada, declined)
		if got := f.open().Attempts(ada).Number; got != number+1 {
			t.Errorf("%s: then %d", text, got)
		}
	}
}

// What the provider refuses of one token is no failure of the others, nor of the
// identity; a success forgets them all.
func TestAttemptsForOneToken(t *testing.T) {
	f := newFixture(t)
	s := f.open()
	other := adaKey
	other.Scopes = []string{"other"}
	s.Failed(adaKey, declined)
	for name, s := range map[string]*Store{"own": s, "new": f.open()} {
		if s.Attempts(adaKey).Number != 1 || s.Attempts(other).Number != 0 || s.Attempts(ada).Number != 0 {
			t.Errorf("%s: %+v, %+v, %+v", name, s.Attempts(adaKey), s.Attempts(other), s.Attempts(ada))
		}
	}
	f.now = f.now.Add(time.Minute)
	s.Failed(ada, declined)
	if all := f.open().AllAttempts(ada); len(all) != 2 || all[0].LockName != ada.LockName() || all[1].LockName != adaKey.LockName() {
		t.Errorf("all: %+v", all)
	}
	s.ForgetAttempts(ada)
	if s.Attempts(adaKey).Number != 0 || f.open().Attempts(adaKey).Number != 0 {
		t.Error("not forgotten")
	}
}
