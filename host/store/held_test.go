package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Who waits for a second is told once who has the lock, and hears it again in the
// error when the wait ends.
func TestWaitersAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		holder := Open(Options{Dir: f.dir, Command: "authlatch login", Now: time.Now})
		unlock, err := holder.Lock(t.Context(), ada.LockName())
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(11 * time.Second) // the bubble's
		var told []string
		waiter := Open(Options{Dir: f.dir, Now: time.Now, Waiting: func(h Held) { told = append(told, h.Words(time.Now())) }})
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		_, err = waiter.Lock(ctx, ada.LockName())
		var locked *LockedError
		if !errors.As(err, &locked) || !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("%v", err)
		}
		who := "another process that signs in (authlatch login, " + pid() + ", for 12 s)"
		if len(told) != 1 || told[0] != who {
			t.Errorf("told %q, want %q", told, who)
		}
		if who = strings.Replace(who, "for 12 s", "for 14 s", 1); locked.Error() != "waited for "+who+": context deadline exceeded" {
			t.Errorf("the error is %q", locked)
		}
		unlock()
		if got := readHeld(lockPath(f.dir, ada.LockName()), ""); got.PID != 0 {
			t.Errorf("who had it still stands there: %+v", got)
		}
		if free, err := waiter.Lock(t.Context(), ada.LockName()); err != nil {
			t.Error(err)
		} else {
			free()
		}
		if len(told) != 1 {
			t.Errorf("told of a lock that was free: %q", told)
		}
	})
}

func pid() string { return Process{PID: os.Getpid()}.String() }

// What stands in a lock file is for people to read: nothing depends on it, and
// nothing of it reaches a terminal uncleaned.
func TestLockFilesThatHoldAnything(t *testing.T) {
	page := func(json string) string { return strings.Repeat("\x00", heldAt) + json }
	name := ada.LockName()
	for what, c := range map[string]struct{ text, words string }{
		"nothing":              {"", "another process that signs in"},
		"less than a byte":     {"x", "another process that signs in"},
		"something else":       {page("\x1b[2J not JSON"), "another process that signs in"},
		"another's":            {page(`{"lock":"account x","pid":1,"command":"x"}`), "another process that signs in"},
		"no process":           {page(`{"lock":"` + name + `","pid":-4,"command":"x"}`), "another process that signs in"},
		"a command for a joke": {page(`{"lock":"` + name + `","pid":4711,"command":"\u001b[2Jrm\u202e -rf\n/` + strings.Repeat("x", 200) + `","since":"2026-01-01T11:59:48Z"}`), "another process that signs in (rm -rf /" + strings.Repeat("x", 31) + "…, pid 4711, for 12 s)"},
		"from the future":      {page(`{"lock":"` + name + `","pid":4711,"since":"2030-01-01T12:00:00Z"}`), "another process that signs in (pid 4711, for 0 s)"},
		"a megabyte":           {page(strings.Repeat("[", 1<<20)), "another process that signs in"},
	} {
		t.Run(what, func(t *testing.T) {
			f := newFixture(t)
			s := f.open()
			path := lockPath(f.dir, name)
			mkdir(t, f.dir, 0o700)
			mkdir(t, filepath.Dir(path), 0o700)
			writeText(t, path, c.text)
			if got := readHeld(path, name).Words(noon); got != c.words {
				t.Errorf("%q, want %q", got, c.words)
			}
			unlock, err := s.Lock(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			if held := s.Locks(); len(held) != 1 || held[0].Lock != name || held[0].PID != os.Getpid() {
				t.Errorf("held: %+v", held)
			}
			unlock()
			if held := s.Locks(); len(held) != 0 {
				t.Errorf("held: %+v", held)
			}
		})
	}
}

func TestLocksOfNoStore(t *testing.T) {
	f := newFixture(t)
	if held := f.open().Locks(); len(held) != 0 {
		t.Errorf("%+v", held)
	}
	if _, err := os.Stat(f.dir); err == nil {
		t.Error("looking has made a directory")
	}
	mkdir(t, filepath.Join(f.dir, locksDir, "directory"), 0o700)
	writeText(t, filepath.Join(f.dir, locksDir, "foreign"), "x")
	if held := f.open().Locks(); len(held) != 0 {
		t.Errorf("%+v", held)
	}
}

func TestDoing(t *testing.T) {
	for lock, want := range map[string]string{
		ada.LockName(): "signs in", adaBinding.StateKey().LockName(): "renews a token", ada.SilentLockName(): "renews a token",
		rekeyLock: "changes the store's key", "": "uses the store", ada.EntriesLockName(): "keeps a token",
	} {
		if got := (Held{Lock: lock}).Doing(); got != want {
			t.Errorf("%s: %q, want %q", lock, got, want)
		}
	}
}

// While a rekey waits for another process's, the rest of its own goes on.
func TestARekeyThatWaitsHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		other, s := f.open(), f.open()
		unlock, err := other.Lock(t.Context(), rekeyLock)
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		go func() { _, err := s.Rekey(t.Context(), nil); done <- err }()
		synctest.Wait()
		if free := s.mu.TryLock(); free {
			s.mu.Unlock()
		} else {
			t.Error("the whole Store waits")
		}
		unlock()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
