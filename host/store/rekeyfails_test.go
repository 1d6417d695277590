package store

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// checkedKeys can say whether they work.
type checkedKeys struct{ *fakeKeys }

func (c checkedKeys) Check() error { return c.err }

// A rekey that fails leaves no trace of the key that it was about to make.
func TestAFailedRekeyLeavesTheRecord(t *testing.T) {
	for name, fails := range map[string]KeyProvider{
		"works nowhere": checkedKeys{&fakeKeys{name: "file", kept: map[KeyID]Key{}, err: ErrUnavailable}},
		"does not keep": &fakeKeys{name: "file", kept: map[KeyID]Key{}, keep: ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.open().PutToken(adaKey, adaTok)
			before, err := os.ReadFile(filepath.Join(f.dir, recordName))
			if err != nil {
				t.Fatal(err)
			}
			for range 3 {
				if _, err := f.open().Rekey(t.Context(), fails); !errors.Is(err, ErrUnavailable) {
					t.Errorf("got %v", err)
				}
			}
			if after, err := os.ReadFile(filepath.Join(f.dir, recordName)); err != nil || !bytes.Equal(before, after) {
				t.Errorf("%v, the record was %s and is %s", err, before, after)
			}
			none := newFixture(t)
			if _, err := none.open().Rekey(t.Context(), fails); err == nil {
				t.Error("rekeyed")
			}
			if _, err := os.Stat(filepath.Join(none.dir, recordName)); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("a record of a store that is not there: %v", err)
			}
		})
	}
}

// adding is a provider that keeps a key beside another, by reading and replacing
// what it has.
type adding struct {
	*fakeKeys
	during func()
}

func (a adding) Add(k Key) error {
	a.during()
	_, err := a.Keep(k)
	return err
}

// While a rekey adds its key, nobody makes the first one of the store: one of the
// two would be lost, with all that is written under it.
func TestNoKeyIsMadeWhileARekeyAddsOne(t *testing.T) {
	f := newFixture(t)
	p := adding{f.keys[0].(*fakeKeys), func() {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if unlock, err := lockKeyFile(ctx, f.dir, sharedLock); err == nil {
			unlock()
			t.Error("another process may make a key")
		}
	}}
	if _, err := f.open().Rekey(t.Context(), p); err != nil {
		t.Fatal(err)
	}
}

// Where a provider falls silent while it is to keep a key, nobody knows whether it
// has: the record remembers it until it can be forgotten.
func TestARekeyThatMayHaveKeptItsKey(t *testing.T) {
	f := newFixture(t)
	f.open().PutToken(adaKey, adaTok)
	silent := newFakeKeys("file")
	f.keys = append(f.keys, silent)
	silent.keep = ErrUnavailable
	silent.load = func() { silent.err = ErrUnavailable }
	if _, err := f.open().Rekey(t.Context(), silent); !errors.Is(err, ErrUnavailable) {
		t.Fatalf("got %v", err)
	}
	if r, err := f.open().readRecord(); err != nil || r.Provider != "keyring" || len(r.Others) != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	silent.keep, silent.err = nil, nil
	if _, err := f.open().Rekey(t.Context(), silent); err != nil {
		t.Fatal(err)
	}
	if r, err := f.open().readRecord(); err != nil || r.Provider != "file" || len(r.Others) != 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

// Each provider that was asked says why it could not.
func TestARekeyTellsOfAllThatFailed(t *testing.T) {
	f := newFixture(t)
	one, two := newFakeKeys("secret-service"), newFakeKeys("keyring")
	errOne, errTwo := errors.New("one"), errors.New("two")
	one.keep, two.keep = errors.Join(ErrUnavailable, errOne), errors.Join(ErrUnavailable, errTwo)
	f.keys = []KeyProvider{one, two}
	if _, err := f.open().Rekey(t.Context(), nil); !errors.Is(err, errOne) || !errors.Is(err, errTwo) {
		t.Errorf("got %v", err)
	}
}
