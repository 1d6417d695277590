package store

import (
	"testing"
	"time"
)

var adaAnswer = Answer{Binding: adaBinding, Bind: true, State: []byte("refresh token"), Key: adaKey, Token: adaTok}

func TestPutAnswer(t *testing.T) {
	f := newFixture(t)
	f.open().PutAnswer(adaAnswer)
	s := f.open()
	if got, ok := s.Token(adaKey); !ok || !same(got, adaTok) {
		t.Errorf("token %+v, %v", got, ok)
	}
	if got, ok := s.Binding(ada); !ok || got.Account != adaInfo {
		t.Errorf("binding %+v, %v", got, ok)
	}
	if got, ok := s.State(adaBinding.StateKey()); !ok || string(got) != "refresh token" {
		t.Errorf("state %q, %v", got, ok)
	}

	// A renewal changes no binding, and one without a state none either.
	a := adaAnswer
	a.Bind, a.State, a.Token = false, nil, tokenOf("renewed")
	a.Binding.SignedInOn = noon.Add(time.Hour)
	s.PutAnswer(a)
	s = f.open()
	if got, _ := s.Token(adaKey); got.Secret.Reveal() != "renewed" {
		t.Errorf("%q", got.Secret.Reveal())
	}
	if got, _ := s.Binding(ada); !got.SignedInOn.Equal(noon) {
		t.Errorf("%v", got.SignedInOn)
	}
	if got, _ := s.State(adaBinding.StateKey()); string(got) != "refresh token" {
		t.Errorf("%q", got)
	}
	f.warned("")
}

func BenchmarkPutAnswer(b *testing.B) {
	s := benchmarkStore(b)
	for b.Loop() {
		s.PutAnswer(adaAnswer)
	}
}

func BenchmarkPutsOneByOne(b *testing.B) {
	s := benchmarkStore(b)
	for b.Loop() {
		s.PutState(adaBinding.StateKey(), adaAnswer.State)
		s.PutBinding(adaBinding)
		s.PutToken(adaKey, adaTok)
	}
}

func benchmarkStore(b *testing.B) *Store {
	dir := b.TempDir() + "/store"
	s := Open(Options{Dir: dir, Keys: []KeyProvider{newFakeKeys("keyring")}, Warn: func(w string) { b.Error(w) }})
	s.PutAnswer(adaAnswer)
	return s
}

// What the key lock and the look at the record add to a write.
func BenchmarkUnderKey(b *testing.B) {
	s := benchmarkStore(b)
	for b.Loop() {
		if err := s.underKey(func(writeKey) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
