package store

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// Nobody is told "signed out" while a refresh token stays.
func TestRemoveOfABindingThatCannotBeRead(t *testing.T) {
	damage := func(f *fixture) {
		if err := os.WriteFile(f.path(ada.location()), []byte("x"), 0o600); err != nil {
			f.t.Fatal(err)
		}
	}
	for name, harm := range map[string]func(f *fixture){
		"damaged":               damage,
		"damaged and put aside": func(f *fixture) { damage(f); f.open().Accounts() },
		"no key here":           func(f *fixture) { f.keys[0].(*fakeKeys).err = ErrUnavailable },
		"the key is lost":       func(f *fixture) { clear(f.keys[0].(*fakeKeys).kept) },
		"of a newer version": func(f *fixture) {
			b, _ := os.ReadFile(f.path(ada.location()))
			if err := os.WriteFile(f.path(ada.location()), resealed(b, func(b []byte) { b[4] = format + 1 }), 0o600); err != nil {
				f.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			s := f.open()
			s.PutBinding(adaBinding)
			s.PutState(adaBinding.StateKey(), []byte("refresh token"))
			s.PutToken(adaKey, adaTok)
			state, token := f.path(adaBinding.StateKey().location()), f.path(adaKey.location())
			harm(f)
			if err := f.open().Remove(ada); err == nil || !errors.Is(err, ErrUnreadable) {
				t.Errorf("%v", err)
			}
			for _, path := range []string{state, token} {
				if _, err := os.Stat(path); err != nil {
					t.Errorf("half removed: %v", err)
				}
			}
			f.keys[0].(*fakeKeys).err = nil
			if err := f.open().RemoveAll(); err != nil {
				t.Error(err)
			}
			for _, path := range []string{state, token} {
				if _, err := os.Stat(path); err == nil {
					t.Errorf("%s is left", path)
				}
			}
			if err := f.open().Remove(ada); err != nil {
				t.Errorf("nobody is signed in: %v", err)
			}
		})
	}
}

// After a new sign-in the damage of the one before is no obstacle, nor left.
func TestRemoveAfterAHealedBinding(t *testing.T) {
	f := newFixture(t)
	s := f.open()
	s.PutBinding(adaBinding)
	if err := os.WriteFile(f.path(ada.location()), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s.Accounts()
	s.PutBinding(adaBinding)
	for range 2 {
		if err := s.Remove(ada); err != nil {
			t.Error(err)
		}
	}
}

// Only the state that was tried is dropped, on disk and in memory.
func TestDropState(t *testing.T) {
	f := newFixture(t)
	inMemory := Open(Options{})
	for name, open := range map[string]func() *Store{"disk": f.open, "memory": func() *Store { return inMemory }} {
		k := adaBinding.StateKey()
		open().PutState(k, []byte("new"))
		if open().DropState(k, []byte("old")) {
			t.Errorf("%s: dropped another", name)
		}
		if got, _ := open().State(k); string(got) != "new" {
			t.Errorf("%s: %q is left", name, got)
		}
		if !open().DropState(k, []byte("new")) {
			t.Errorf("%s: not dropped", name)
		}
		if got, ok := open().State(k); ok {
			t.Errorf("%s: %q is left", name, got)
		}
	}
}

// A directory that is refused is told of once; what is in memory goes first.
func TestRemoveAllOfARefusedDirectory(t *testing.T) {
	f := newFixture(t)
	f.dir = filepath.Join(t.TempDir(), "file")
	writeText(t, f.dir, "x")
	s := f.open()
	s.PutToken(adaKey, adaTok)
	err := s.RemoveAll()
	var access *accessError
	if !errors.As(err, &access) || err.Error() != access.Error() {
		t.Errorf("got %v", err)
	}
	if _, ok := s.Token(adaKey); ok {
		t.Error("a token is left in memory")
	}
}

// After signing out of all nothing is left of failures either, and keys that were
// never put anywhere are not spoken of.
func TestRemoveAllLeavesNothing(t *testing.T) {
	f := newFixture(t)
	s := f.open()
	s.PutToken(adaKey, adaTok)
	s.Failed(ada, Failure{ExitCode: 4, Prompted: true})
	s.renewals[adaKey.id()] = Renewal{}
	gone := &fakeKeys{name: "file", kept: map[KeyID]Key{}, keep: ErrUnavailable}
	if _, err := s.Rekey(t.Context(), gone); err == nil {
		t.Fatal("rekeyed")
	}
	gone.err = ErrUnavailable
	if err := s.RemoveAll(); err != nil {
		t.Fatal(err)
	}
	f.warned("")
	if len(s.renewals)+len(s.failed) > 0 || s.Attempts(ada).Number > 0 {
		t.Error("failures are left")
	}
	for _, name := range []string{accountsDir, attemptsDir, recordName} {
		if _, err := os.Stat(filepath.Join(f.dir, name)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
