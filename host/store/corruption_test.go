package store

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// harms make something else of a file's content. other is another entry's.
var harms = map[string]func(r *rand.Rand, b, other []byte) []byte{
	"bits": func(r *rand.Rand, b, _ []byte) []byte {
		for range 1 + r.IntN(8) {
			b[r.IntN(len(b))] ^= 1 << r.IntN(8)
		}
		return b
	},
	"bytes": func(r *rand.Rand, b, _ []byte) []byte {
		for range 1 + r.IntN(32) {
			b[r.IntN(len(b))] = byte(r.Uint32())
		}
		return b
	},
	"truncated": func(r *rand.Rand, b, _ []byte) []byte { return b[:r.IntN(len(b))] },
	"appended": func(r *rand.Rand, b, _ []byte) []byte {
		return append(b, make([]byte, 1+r.IntN(5000))...)
	},
	"zeroed block": func(r *rand.Rand, b, _ []byte) []byte {
		at := r.IntN(len(b))
		clear(b[at:min(len(b), at+1<<r.IntN(10))])
		return b
	},
	"all zero": func(_ *rand.Rand, b, _ []byte) []byte { clear(b); return b },
	"swapped":  func(_ *rand.Rand, _, other []byte) []byte { return other },
	"spliced": func(r *rand.Rand, b, other []byte) []byte {
		n := r.IntN(len(b))
		return append(b[:n], other[min(n, len(other)):]...)
	},
	"moved": func(r *rand.Rand, b, _ []byte) []byte { return b[min(len(b), 1+r.IntN(64)):] },
	"twice": func(_ *rand.Rand, b, _ []byte) []byte { return append(b, b...) },
	"newer": func(r *rand.Rand, b, _ []byte) []byte {
		return resealed(b, func(b []byte) { b[4] = byte(2 + r.IntN(250)) })
	},
	"version 0": func(_ *rand.Rand, b, _ []byte) []byte { return resealed(b, func(b []byte) { b[4] = 0 }) },
	"of a kind": func(r *rand.Rand, b, _ []byte) []byte {
		return resealed(b, func(b []byte) { b[5] += byte(1 + r.IntN(250)) })
	},
	"key id": func(r *rand.Rand, b, _ []byte) []byte {
		return resealed(b, func(b []byte) { b[8+r.IntN(16)] ^= byte(1 + r.IntN(255)) })
	},
	"provider": func(_ *rand.Rand, b, _ []byte) []byte { return resealed(b, func(b []byte) { b[6], b[8] = 2, ^b[8] }) },
	"salt": func(r *rand.Rand, b, _ []byte) []byte {
		b[prefixSize+r.IntN(saltSize)] ^= byte(1 + r.IntN(255))
		return b
	},
	"other key":  func(_ *rand.Rand, b, _ []byte) []byte { return seal(NewKey(), 1, kind(b[5]), id{}, b) },
	"not sealed": func(r *rand.Rand, b, _ []byte) []byte { return append(b[:headerSize], encodeToken(adaTok)...) },
}

// Whatever happens to a file, nothing of it is handed out, to nobody, and nothing
// stops working: what is damaged is moved aside with one warning, and what may be
// good elsewhere is left alone.
func TestRandomCorruption(t *testing.T) {
	seed := rand.Uint64()
	if s := os.Getenv("STORE_TEST_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	t.Logf("STORE_TEST_SEED=%d", seed)
	corruptions := Scale(1000, 10_000)
	r := rand.New(rand.NewPCG(seed, 0))
	f := newFixture(t)
	s := f.open()
	bob := adaAnswer
	bob.Binding.Identity.Profile, bob.Binding.Account.ID = "bob", "bob"
	bob.Key.Identity = bob.Binding.Identity
	s.PutAnswer(adaAnswer)
	s.PutAnswer(bob)
	s.PutToken(adaKeyOf("other"), tokenOf("other"))
	keys := map[string]TokenKey{}
	for _, k := range []TokenKey{adaKey, adaKeyOf("other"), bob.Key} {
		keys[k.location().path] = k
	}
	all := s.onDisk()
	good := map[string][]byte{}
	for _, l := range all {
		b, err := os.ReadFile(f.path(l))
		if err != nil {
			t.Fatal(err)
		}
		good[l.path] = b
	}
	var names []string
	for name := range harms {
		names = append(names, name)
	}
	outcomes := map[string]int{}
	for n := 0; n < corruptions; n++ {
		l, other := all[r.IntN(len(all))], all[r.IntN(len(all))]
		name := names[n%len(names)]
		bad := harms[name](r, bytes.Clone(good[l.path]), bytes.Clone(good[other.path]))
		if bytes.Equal(bad, good[l.path]) {
			n-- // swapped with itself, or zeros that were there: that is no harm
			continue
		}
		outcomes[f.corrupt(t, name, l, bad, keys)]++
		if err := os.WriteFile(f.path(l), good[l.path], 0o600); err != nil {
			t.Fatal(err)
		}
		if t.Failed() {
			t.FailNow()
		}
	}
	s = f.open()
	for _, l := range all {
		if _, ok := s.get(l); !ok {
			t.Errorf("%s is lost", l.path)
		}
	}
	t.Logf("%d corruptions: %v", corruptions, outcomes)
}

// corrupt does one harm and says what came of it.
func (f *fixture) corrupt(t *testing.T, name string, l location, bad []byte, keys map[string]TokenKey) string {
	t.Helper()
	if err := os.WriteFile(f.path(l), bad, 0o600); err != nil {
		t.Fatal(err)
	}
	if k, ok := keys[l.path]; ok {
		if _, ok := ReadToken(f.dir, f.keys, k); ok {
			t.Errorf("%s: handed out to a helper", name)
		}
	}
	s := f.open()
	for range 2 {
		if _, ok := s.get(l); ok {
			t.Errorf("%s: handed out", name)
		}
	}
	s.Accounts()
	h, err := parseHeader(bad)
	outcome, warning := "moved aside", "damaged entry"
	switch {
	case errors.Is(err, errNewer):
		outcome, warning = "newer, left alone", "newer authlatch"
	case err == nil && h.provider == 2 && h.keyID != f.keyID(t):
		outcome, warning = "another provider's, left alone", "not available here"
	case err == nil && h.keyID != f.keyID(t):
		outcome, warning = "another key's, left alone", "the key of the store is gone"
	}
	f.warned(warning)
	now, err := os.ReadFile(f.path(l))
	if outcome == "moved aside" && !errors.Is(err, fs.ErrNotExist) || outcome != "moved aside" && !bytes.Equal(now, bad) {
		t.Errorf("%s: %s? %v", name, outcome, err)
	}
	return outcome
}

func (f *fixture) keyID(t *testing.T) KeyID {
	t.Helper()
	for keyID := range f.keys[0].(*fakeKeys).kept {
		return keyID
	}
	t.Fatal("no key")
	return KeyID{}
}

// A record that says anything costs no entry and no token.
func TestRandomCorruptionOfTheRecord(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	f := newFixture(t)
	f.open().PutAnswer(adaAnswer)
	path := filepath.Join(f.dir, recordName)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"bits", "bytes", "truncated", "appended", "zeroed block", "moved", "twice"} {
		for range Scale(10, 150) {
			bad := harms[name](r, bytes.Clone(good), nil)
			if err := os.WriteFile(path, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			s := f.open()
			s.PutToken(adaKeyOf(name), adaTok)
			if _, ok := s.Token(adaKeyOf(name)); !ok {
				t.Fatalf("%s: the token just obtained is lost: %q", name, bad)
			}
			if got, ok := f.open().State(adaBinding.StateKey()); !ok || !bytes.Equal(got, adaAnswer.State) {
				t.Fatalf("%s: an entry is lost: %q", name, bad)
			}
			if len(f.warnings) > 1 {
				t.Fatalf("%s: %q", name, f.warnings)
			}
			f.warnings = nil
		}
	}
}
