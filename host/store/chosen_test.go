package store

import (
	"fmt"
	"testing"
	"time"
)

// The record alone says under which key is written.
func TestAnExplicitChoiceIsForANewStore(t *testing.T) {
	f := newFixture(t)
	f.open().PutToken(adaKey, adaTok)
	ring, file := f.keys[0].(*fakeKeys), newFakeKeys("file")
	f.keys, f.explicit = []KeyProvider{file, ring}, true
	s := f.open()
	if _, ok := s.Token(adaKey); !ok {
		t.Error("not readable")
	}
	f.warned("")
	s.PutBinding(adaBinding)
	s.PutToken(adaKey, adaTok)
	f.warned("kept by the kernel keyring, not by a key file as [store] key or AUTHLATCH_STORE_KEY says; to change it, run: authlatch store rekey")
	if len(file.kept) != 0 || len(ring.kept) != 1 {
		t.Errorf("%d keys in the file, %d in the keyring", len(file.kept), len(ring.kept))
	}
	if got := s.Status(); got.Key != KeyAvailable || got.Provider != "keyring" || got.Chosen != "file" || got.Entries != (EntryCount{Readable: 2}) {
		t.Errorf("%+v", got)
	}

	// A lost key is made anew where the user says.
	clear(ring.kept)
	s = f.open()
	s.PutBinding(adaBinding)
	f.warned("the key of the store is gone")
	if len(file.kept) != 1 || len(ring.kept) != 0 {
		t.Errorf("%d keys in the file, %d in the keyring", len(file.kept), len(ring.kept))
	}
}

// Automatic choice never moves a store by itself: what is better today may be
// gone tomorrow.
func TestAStoreStaysWithItsProvider(t *testing.T) {
	f := newFixture(t)
	first, second := newFakeKeys("secret-service"), newFakeKeys("keyring")
	first.err = ErrUnavailable
	f.keys = []KeyProvider{first, second}
	f.open().PutBinding(adaBinding)
	if len(second.kept) != 1 {
		t.Fatal("not made with the second best")
	}
	first.err = nil
	clear(second.kept)
	f.open().PutBinding(adaBinding)
	f.warned("the key of the store is gone")
	if len(first.kept) != 0 || len(second.kept) != 1 {
		t.Error("moved to the better one")
	}
	// Where it can keep no key, there is memory, and not another provider.
	clear(second.kept)
	second.keep = ErrUnavailable
	s := f.open()
	s.PutBinding(adaBinding)
	if _, ok := s.Binding(ada); !ok || len(first.kept) != 0 {
		t.Error("not in memory")
	}
	f.warnings = f.warnings[1:]
	f.warned("authlatch store rekey")
}

// placedKeys is a provider that has several places, as there are user namespaces.
type placedKeys struct {
	*fakeKeys
	place string
}

func (p *placedKeys) Place() string { return p.place }

// A container does not find the key of the machine's keyring: that one is not lost.
func TestAKeyAtAnotherPlaceIsNotLost(t *testing.T) {
	f := newFixture(t)
	host := &placedKeys{newFakeKeys("keyring"), "user:[1]"}
	f.keys = []KeyProvider{host}
	f.open().PutToken(adaKey, adaTok)

	f.keys = []KeyProvider{&placedKeys{newFakeKeys("keyring"), "user:[2]"}}
	s := f.open()
	if _, ok := s.Token(adaKey); ok {
		t.Error("read without a key")
	}
	s.PutToken(adaKey, tokenOf("memory"))
	if got, _ := s.Token(adaKey); got.Secret.Reveal() != "memory" {
		t.Error("not in memory")
	}
	f.warned("the kernel keyring is another one here")
	if st := s.Status(); st.Key != KeyUnavailable || st.Entries.OtherKey != 1 {
		t.Errorf("%+v", st)
	}

	f.keys = []KeyProvider{host}
	if got, ok := f.open().Token(adaKey); !ok || !same(got, adaTok) {
		t.Error("the machine's entries were touched")
	}
	clear(host.kept)
	f.open().PutToken(adaKey, adaTok)
	f.warned("the key of the store is gone")
}

// A provider that hangs costs a process its time-out once, not at every entry.
func TestASlowProviderIsNotAskedAgain(t *testing.T) {
	f := newFixture(t)
	f.open().PutAnswer(adaAnswer)
	hung := f.keys[0].(*fakeKeys)
	asked := 0
	hang := func() { asked++; f.now = f.now.Add(3 * time.Second) }
	hung.err, hung.load = ErrUnavailable, hang
	s := f.open()
	for range 3 {
		s.Token(adaKey)
		s.Binding(ada)
		s.PutAnswer(adaAnswer)
		hung.load = hang
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	f.now = f.now.Add(slowPause)
	hung.err, hung.load = nil, nil
	if _, ok := s.Token(adaKeyOf("x")); ok {
		t.Error("what?")
	}
	s.PutAnswer(adaAnswer)
	if s.Kept(ada) != nil {
		t.Error("not asked again after a while")
	}
}

// A sign-out of all forgets the keys that the record does not name, too.
func TestRemoveAllForgetsEveryKey(t *testing.T) {
	f := newFixture(t)
	ring, file := f.keys[0].(*fakeKeys), newFakeKeys("file")
	f.keys = []KeyProvider{ring, file}
	s := f.open()
	s.PutAnswer(adaAnswer)
	ring.err = ErrUnavailable // so that its key stays
	if done, err := f.open().Rekey(t.Context(), file); err != nil || fmt.Sprint(done.Kept) != "[keyring]" || done.Left != 3 {
		t.Fatalf("%+v, %v", done, err)
	}
	ring.err = nil
	if err := f.open().RemoveAll(); err != nil || len(ring.kept)+len(file.kept) != 0 {
		t.Errorf("%d and %d keys are left, %v", len(ring.kept), len(file.kept), err)
	}
	f.warned("")

	// Nor does it need the record.
	s.PutAnswer(adaAnswer)
	if err := s.removeTree(recordName); err != nil {
		t.Fatal(err)
	}
	if err := f.open().RemoveAll(); err != nil || len(ring.kept)+len(file.kept) != 0 {
		t.Errorf("%d and %d keys are left, %v", len(ring.kept), len(file.kept), err)
	}
	f.warned("")

	// What stays is said, and the entries are gone all the same.
	s.PutAnswer(adaAnswer)
	ring.err = ErrUnavailable
	s = f.open()
	if err := s.RemoveAll(); err != nil || len(s.onDisk()) != 0 {
		t.Errorf("%v, %v", s.onDisk(), err)
	}
	f.warned("a key of the store stays in the kernel keyring")
}
