package store

import (
	"os"
	"path/filepath"
	"testing"
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
