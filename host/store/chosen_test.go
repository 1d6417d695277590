package store

import (
	"testing"
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
