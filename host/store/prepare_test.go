package store

import (
	"testing"
	"time"
)

// What can be done before there is anything to keep is done, and nothing of it
// is said before that.
func TestANewStoresKeyIsMadeAhead(t *testing.T) {
	f := newFixture(t)
	ring := f.keys[0].(*fakeKeys)
	s := f.open()
	s.Prepare()
	if len(ring.kept) != 1 {
		t.Fatalf("%d keys were made", len(ring.kept))
	}
	s.Prepare()
	s.PutAnswer(adaAnswer)
	if len(ring.kept) != 1 {
		t.Errorf("%d keys for one store", len(ring.kept))
	}
	if got, ok := f.open().Token(adaKey); !ok || !same(got, adaTok) {
		t.Error("what was kept under it is not found")
	}
	f.warned("")

	clear(ring.kept) // a lost key is a matter for who writes, and is said
	f.open().Prepare()
	if len(ring.kept) != 0 {
		t.Error("a lost key was replaced in silence")
	}
	f.warned("")
}

func TestWhatCannotBePreparedIsSaidLater(t *testing.T) {
	f := newFixture(t)
	ring := f.keys[0].(*fakeKeys)
	asked := 0
	ring.keep = ErrUnavailable
	ring.keeping = func() { asked++; f.now = f.now.Add(3 * time.Second) }
	s := f.open()
	s.Prepare()
	f.warned("")
	s.PutAnswer(adaAnswer)
	if _, ok := s.Token(adaKey); !ok {
		t.Error("the token is lost")
	}
	if asked != 1 {
		t.Errorf("a provider that hangs was asked %d times", asked)
	}
	f.warned("no keyring is available here")

	memory := Open(Options{})
	memory.Prepare()
	memory.PutAnswer(adaAnswer)
	if _, ok := memory.Token(adaKey); !ok {
		t.Error("memory keeps nothing")
	}
}
