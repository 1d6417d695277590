package store

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Another process replaces a damaged entry after this one has read it, and before
// it moves it aside.
func TestAGoodEntryIsNotMovedAside(t *testing.T) {
	f := newFixture(t)
	s := f.open()
	s.PutToken(adaKey, adaTok)
	l := adaKey.location()
	payload, good := s.moveAside(l)
	if tok, ok := decodeToken(payload); !good || !ok || !same(tok, adaTok) {
		t.Errorf("%v: the good entry is not used", good)
	}
	if _, ok := ReadToken(f.dir, f.keys, adaKey); !ok {
		t.Error("the good entry is lost")
	}
	// A third one writes between: that one stays.
	aside := filepath.Join(f.dir, l.aside())
	if err := os.Rename(f.path(l), aside); err != nil {
		t.Fatal(err)
	}
	s.PutToken(adaKey, tokenOf("newest"))
	s.putBack(f.path(l), aside)
	if got, _ := s.Token(adaKey); got.Secret.Reveal() != "newest" {
		t.Errorf("%q has replaced the newest", got.Secret.Reveal())
	}
	if left, _ := os.ReadDir(filepath.Dir(aside)); len(left) != 0 {
		t.Errorf("%v is left", left)
	}
	f.warned("")
}

func tokenOf(text string) Token {
	t := adaTok
	t.Secret = NewSecret(text)
	return t
}

// Who only looks leaves what is damaged, and what is left over, where it is.
func TestLookingChangesNothing(t *testing.T) {
	f := newFixture(t)
	s := f.open()
	s.PutBinding(adaBinding)
	writeText(t, f.path(ada.location()), "x")
	temp := filepath.Join(f.dir, tempPrefix+"old")
	writeText(t, temp, "x")
	if err := os.Chtimes(temp, noon.Add(-2*tempAge), noon.Add(-2*tempAge)); err != nil {
		t.Fatal(err)
	}
	looks := Open(Options{Dir: f.dir, Keys: f.keys, Look: true, Now: func() time.Time { return noon }, Warn: func(w string) { t.Error(w) }})
	if all := looks.Accounts(); len(all) != 0 {
		t.Errorf("%+v", all)
	}
	if st := looks.Status(); st.Entries != (EntryCount{Unreadable: 1}) {
		t.Errorf("%+v", st.Entries)
	}
	for _, path := range []string{f.path(ada.location()), temp} {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}
