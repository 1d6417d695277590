package store

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"
)

func TestRekeyMovesEveryEntry(t *testing.T) {
	f := newFixture(t)
	s := f.open()
	s.PutState(adaBinding.StateKey(), []byte("refresh token"))
	s.PutBinding(adaBinding)
	for i := range 40 { // more than a chunk
		s.PutToken(adaKeyOf(fmt.Sprint(i)), tokenOf(fmt.Sprint(i)))
	}
	used := noon.Add(-time.Hour)
	if err := os.Chtimes(f.path(adaKeyOf("7").location()), used, used); err != nil {
		t.Fatal(err)
	}
	ring, file := f.keys[0].(*fakeKeys), newFakeKeys("file")
	done, err := f.open().Rekey(t.Context(), file)
	if err != nil || done.Provider != "file" || done.Entries != 42 || done.Left != 0 || len(done.Kept) != 0 {
		t.Fatalf("%+v, %v", done, err)
	}
	if len(ring.kept) != 0 || len(file.kept) != 1 {
		t.Errorf("%d old keys, %d new ones", len(ring.kept), len(file.kept))
	}
	f.keys = []KeyProvider{file}
	n := f.open()
	for i := range 40 {
		if got, ok := ReadToken(f.dir, f.keys, adaKeyOf(fmt.Sprint(i))); !ok || !same(got, tokenOf(fmt.Sprint(i))) {
			t.Errorf("token %d: %+v, %v", i, got, ok)
		}
	}
	if got, ok := n.State(adaBinding.StateKey()); !ok || string(got) != "refresh token" {
		t.Errorf("state %q, %v", got, ok)
	}
	if info, err := os.Stat(f.path(adaKeyOf("7").location())); err != nil || !info.ModTime().Equal(used) {
		t.Errorf("the time of the last use is lost: %v, %v", info.ModTime(), err)
	}

	// A process that was there before goes on, if it knows the provider.
	f.keys = []KeyProvider{ring, file}
	old := Open(Options{Dir: f.dir, Keys: f.keys, Warn: func(w string) { t.Error(w) }})
	old.PutToken(adaKey, adaTok)
	if _, err := f.open().Rekey(t.Context(), nil); err != nil { // as a new store would be
		t.Fatal(err)
	}
	old.PutToken(adaKey, tokenOf("after"))
	if len(ring.kept) != 1 || len(file.kept) != 0 {
		t.Errorf("%d keys in the keyring, %d in the file", len(ring.kept), len(file.kept))
	}
	if got, _ := f.open().Token(adaKey); got.Secret.Reveal() != "after" {
		t.Errorf("%q", got.Secret.Reveal())
	}
	f.warned("")
}

// What cannot be read is counted, and keeps its key.
func TestRekeyLeavesAloneWhatItCannotRead(t *testing.T) {
	f := newFixture(t)
	ring, file, third := f.keys[0].(*fakeKeys), newFakeKeys("file"), newFakeKeys("secret-service")
	f.keys = []KeyProvider{ring, file, third}
	s := f.open()
	s.PutBinding(adaBinding)
	s.PutToken(adaKey, adaTok)
	newerPath := f.path(adaKeyOf("newer").location())
	good, err := os.ReadFile(f.path(adaKey.location()))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(newerPath, resealed(good, func(b []byte) { b[4] = format + 1 }), 0o600); err != nil {
		t.Fatal(err)
	}
	done, err := f.open().Rekey(t.Context(), file)
	if err != nil || done.Entries != 2 || done.Left != 1 || fmt.Sprint(done.Kept) != "[keyring]" || len(ring.kept) != 1 {
		t.Fatalf("%+v, %v, %d", done, err, len(ring.kept))
	}
	if st := f.open().Status(); st.Entries != (EntryCount{Readable: 2, Newer: 1}) || st.Provider != "file" {
		t.Errorf("%+v", st)
	}

	// Nor is there a way back while the file's key is away; but there is one out.
	file.err = ErrUnavailable
	s = f.open()
	s.PutToken(adaKey, tokenOf("memory"))
	f.warned("run: authlatch store rekey")
	if st := s.Status(); st.Key != KeyUnavailable || st.Entries != (EntryCount{OtherKey: 2, Newer: 1}) {
		t.Errorf("%+v", st)
	}
	done, err = f.open().Rekey(t.Context(), third)
	if err != nil || done.Entries != 0 || done.Left != 3 || fmt.Sprint(done.Kept) != "[file keyring]" {
		t.Fatalf("%+v, %v", done, err)
	}
	f.open().PutToken(adaKeyOf("new"), adaTok)
	f.warned("")

	// When all is there again and the newer one gone, one more brings it in order.
	file.err = nil
	if err := os.Remove(newerPath); err != nil {
		t.Fatal(err)
	}
	done, err = f.open().Rekey(t.Context(), third)
	if err != nil || done.Entries != 3 || done.Left != 0 || len(done.Kept) != 0 {
		t.Fatalf("%+v, %v", done, err)
	}
	if len(ring.kept)+len(file.kept) != 0 || len(third.kept) != 1 {
		t.Errorf("keys: %d, %d, %d", len(ring.kept), len(file.kept), len(third.kept))
	}
}

func TestRekeyThatCannotKeepAKeyChangesNothing(t *testing.T) {
	f := newFixture(t)
	f.open().PutToken(adaKey, adaTok)
	no := newFakeKeys("file")
	no.err = ErrUnavailable
	if _, err := f.open().Rekey(t.Context(), no); !errors.Is(err, ErrUnavailable) {
		t.Errorf("%v", err)
	}
	s := f.open()
	s.PutBinding(adaBinding)
	if st := s.Status(); st.Provider != "keyring" || st.Key != KeyAvailable || st.Entries.Readable != 2 {
		t.Errorf("%+v", st)
	}
	f.warned("")
}

// Others write, reject and sign out while the store is rekeyed again and again:
// nothing is lost, nothing comes back, nobody is warned.
func TestRekeyAmongWriters(t *testing.T) {
	f := newFixture(t)
	f.keys = []KeyProvider{newFakeKeys("keyring"), newFakeKeys("file")}
	var all sync.WaitGroup
	done := make(chan struct{})
	open := func() *Store {
		return Open(Options{Dir: f.dir, Keys: f.keys, Warn: func(w string) { t.Error(w) }})
	}
	for i := range 4 {
		all.Go(func() {
			s := open()
			for n := 0; ; n++ {
				select {
				case <-done:
					return
				default:
				}
				k, text := adaKeyOf(fmt.Sprint(i)), fmt.Sprint(i, " ", n)
				s.PutToken(k, tokenOf(text))
				if got, ok := open().Token(k); !ok || got.Secret.Reveal() != text {
					t.Errorf("%q, want %q", got.Secret.Reveal(), text)
					return
				}
				if n%3 == 0 {
					if !s.Reject(k, text) {
						t.Errorf("%q was not rejected", text)
					}
					if got, ok := open().Token(k); ok {
						t.Errorf("%q came back", got.Secret.Reveal())
						return
					}
				}
			}
		})
	}
	s := open()
	for i := range 12 {
		if done, err := s.Rekey(t.Context(), f.keys[i%2]); err != nil || done.Left != 0 || len(done.Kept) != 0 {
			t.Errorf("%+v, %v", done, err)
		}
	}
	close(done)
	all.Wait()
	if n := len(f.keys[0].(*fakeKeys).kept) + len(f.keys[1].(*fakeKeys).kept); n != 1 {
		t.Errorf("%d keys", n)
	}
}

// Another process that lives long does not write under a key that was forgotten.
func TestALongLivedProcessAfterASignOutOfAll(t *testing.T) {
	f := newFixture(t)
	old := f.open()
	old.PutToken(adaKey, adaTok)
	if err := f.open().RemoveAll(); err != nil {
		t.Fatal(err)
	}
	old.PutToken(adaKey, tokenOf("new"))
	if got, _ := f.open().Token(adaKey); got.Secret.Reveal() != "new" {
		t.Errorf("%q", got.Secret.Reveal())
	}
	if n := len(f.keys[0].(*fakeKeys).kept); n != 1 {
		t.Errorf("%d keys", n)
	}
	f.warned("")
}

func TestReject(t *testing.T) {
	f := newFixture(t)
	f.open().PutToken(adaKey, adaTok)
	if RejectToken(f.dir, f.keys, adaKey, "another") || RejectToken("", f.keys, adaKey, "x") || RejectToken(f.dir+"x", f.keys, adaKey, "x") {
		t.Error("rejected what is not there")
	}
	if _, ok := ReadToken(f.dir, f.keys, adaKey); !ok {
		t.Fatal("a good token is gone")
	}
	if !RejectToken(f.dir, f.keys, adaKey, adaTok.Secret.Reveal()) {
		t.Error("not rejected")
	}
	if _, ok := f.open().Token(adaKey); ok {
		t.Error("handed out again")
	}
	f.dir = ""
	s := f.open()
	s.PutToken(adaKey, adaTok)
	if s.Reject(adaKey, "another") || !s.Reject(adaKey, adaTok.Secret.Reveal()) || s.Reject(adaKey, adaTok.Secret.Reveal()) {
		t.Error("in memory")
	}
}

// A reader has an entry's content in hand when its key is replaced and forgotten.
func TestAReaderDuringARekey(t *testing.T) {
	for name, read := range map[string]func(*fixture) bool{
		"a host":   func(f *fixture) bool { _, ok := f.open().Token(adaKey); return ok },
		"a helper": func(f *fixture) bool { _, ok := ReadToken(f.dir, f.keys, adaKey); return ok },
	} {
		f := newFixture(t)
		f.open().PutToken(adaKey, adaTok)
		ring := f.keys[0].(*fakeKeys)
		ring.load = func() {
			if done, err := f.open().Rekey(t.Context(), nil); err != nil || len(done.Kept) > 0 {
				t.Errorf("%+v, %v", done, err)
			}
		}
		if !read(f) {
			t.Errorf("%s does not find the token", name)
		}
		f.warned("")
	}
}
