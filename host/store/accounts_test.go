package store

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestRemoveSignsOutOneOfTwo(t *testing.T) {
	f := newFixture(t)
	s := f.open()
	bob := adaBinding
	bob.Identity.Profile, bob.Account.ID = "bob", "other"
	twin := adaBinding
	twin.Identity.Profile = "twin"
	for _, b := range []Binding{adaBinding, bob, twin} {
		s.PutBinding(b)
		s.PutState(b.StateKey(), []byte("state of "+b.Account.ID))
		s.PutToken(TokenKey{Identity: b.Identity, Scopes: []string{"s"}}, adaTok)
	}
	if got := s.Accounts(); len(got) != 3 || got[0].Identity.Profile != "bob" || got[2].Identity.Profile != "work" {
		t.Fatalf("%+v", got)
	}
	if err := s.Remove(ada); err != nil {
		t.Fatal(err)
	}
	s = f.open()
	if _, ok := s.Binding(ada); ok {
		t.Error("still signed in")
	}
	if _, ok := s.Token(TokenKey{Identity: ada, Scopes: []string{"s"}}); ok {
		t.Error("a token is left")
	}
	if _, ok := s.State(twin.StateKey()); !ok {
		t.Error("the twin, who shares the account, was signed out")
	}
	if err := s.Remove(twin.Identity); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.State(twin.StateKey()); ok {
		t.Error("the state outlived its last identity")
	}
	if _, ok := s.State(bob.StateKey()); !ok {
		t.Error("bob was signed out")
	}
	if err := s.RemoveAll(); err != nil || len(s.Accounts()) != 0 {
		t.Errorf("%v, %v", err, s.Accounts())
	}
	if left := f.keys[0].(*fakeKeys).kept; len(left) != 0 {
		t.Error("the key is left")
	}
	s.PutToken(adaKey, adaTok) // and it can be used again
	if _, ok := f.open().Token(adaKey); !ok {
		t.Error("no new store after RemoveAll")
	}
	f.warned("")
}

func TestDeleteToken(t *testing.T) {
	f := newFixture(t)
	s := f.open()
	s.DeleteToken(adaKey) // there is no store yet
	s.PutToken(adaKey, adaTok)
	s.DeleteToken(adaKey)
	if _, ok := f.open().Token(adaKey); ok {
		t.Error("a rejected token is handed out again")
	}
	f.warned("")
}

func TestSweepTakesOnlyOldTemporaryFiles(t *testing.T) {
	f := newFixture(t)
	s := f.open()
	s.PutBinding(adaBinding)
	dir := filepath.Dir(f.path(ada.location()))
	old, young := filepath.Join(dir, tempPrefix+"1"), filepath.Join(dir, tempPrefix+"2")
	for path, at := range map[string]time.Time{old: noon.Add(-2 * time.Hour), young: noon} {
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chtimes(path, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	s.Accounts()
	var left []string
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if !slices.Equal(left, []string{tempPrefix + "2", bindingName}) {
		t.Errorf("%v", left)
	}
}
