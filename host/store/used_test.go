package store

import (
	"os"
	"testing"
	"time"
)

// The time of a token's file is that of its last use, within a minute.
func TestLastUse(t *testing.T) {
	f := newFixture(t)
	s := f.open()
	s.PutBinding(adaBinding)
	s.PutToken(adaKey, adaTok)
	path := f.path(adaKey.location())
	at := func(when time.Time) {
		t.Helper()
		if err := os.Chtimes(path, time.Time{}, when); err != nil {
			t.Fatal(err)
		}
	}
	used := func(i Identity) time.Time {
		t.Helper()
		all := f.open().Tokens(i)
		if len(all) != 1 || !all[0].ExpiresOn.Equal(adaTok.ExpiresOn) || all[0].Scopes[0] != adaTok.Scopes[0] {
			t.Fatalf("%+v", all)
		}
		return all[0].LastUsed
	}
	for _, c := range []struct {
		name      string
		was, want time.Time
	}{
		{"a minute is not counted", noon.Add(-usedStep), noon.Add(-usedStep)},
		{"longer ago", noon.Add(-usedStep - time.Second), noon},
		{"before the clock was set back", noon.Add(time.Hour), noon},
	} {
		at(c.was)
		if got := used(ada); !got.Equal(c.was) {
			t.Errorf("%s: telling of a token uses it: %v", c.name, got)
		}
		if _, ok := f.open().Token(adaKey); !ok || !used(ada).Equal(c.want) {
			t.Errorf("%s: %v, want %v", c.name, used(ada), c.want)
		}
	}

	// A helper has the system's clock.
	fresh := adaTok
	fresh.ExpiresOn = time.Now().Add(time.Hour)
	fresh.ObtainedOn = time.Now()
	s.PutToken(adaKey, fresh)
	at(noon)
	began := time.Now()
	if _, ok := ReadToken(f.dir, f.keys, adaKey); !ok || f.open().Tokens(ada)[0].LastUsed.Before(began.Add(-time.Second)) {
		t.Errorf("a helper's use is not noted")
	}

	// Nobody was given an expired one.
	fresh.ExpiresOn, fresh.ObtainedOn = noon.Add(time.Second), noon.Add(-time.Hour)
	s.PutToken(adaKey, fresh)
	long := noon.Add(-time.Hour)
	at(long)
	s.Token(adaKey)
	if got := f.open().Tokens(ada)[0].LastUsed; !got.Equal(long) {
		t.Errorf("an expired token was used at %v", got)
	}
}

func TestLastUseInMemory(t *testing.T) {
	f := newFixture(t)
	f.dir = ""
	s := f.open()
	s.PutToken(adaKey, adaTok)
	s.PutToken(adaKeyOf("other"), adaTok)
	f.now = noon.Add(10 * time.Minute)
	s.Token(adaKeyOf("other"))
	all := s.Tokens(ada)
	if len(all) != 2 || !all[0].LastUsed.Equal(f.now) || !all[1].LastUsed.Equal(noon) {
		t.Errorf("%+v", all)
	}
}
