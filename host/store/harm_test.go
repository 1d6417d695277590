package store

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// hurt writes content where adaKey's entry is and expects it to be found out,
// moved aside with one warning, and healed by the next write.
func (f *fixture) hurt(name string, content []byte) {
	f.t.Helper()
	path := f.path(adaKey.location())
	if err := os.WriteFile(path, content, 0o600); err != nil {
		f.t.Fatal(err)
	}
	if _, ok := ReadToken(f.dir, f.keys, adaKey); ok {
		f.t.Fatalf("%s: handed out to a helper", name)
	}
	s := f.open()
	if _, ok := s.Token(adaKey); ok {
		f.t.Fatalf("%s: handed out", name)
	}
	s.Token(adaKey)
	f.warned("damaged entry")
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		f.t.Fatalf("%s: still there", name)
	}
	aside, err := os.ReadFile(filepath.Join(f.dir, damagedDir, filepath.Base(path)))
	if err != nil || !bytes.Equal(aside, content) {
		f.t.Fatalf("%s: not moved aside: %v", name, err)
	}
}

func TestDamageIsFoundMovedAsideAndHealed(t *testing.T) {
	f := newFixture(t)
	s := f.open()
	s.PutToken(adaKey, adaTok)
	s.PutBinding(adaBinding)
	other := adaKey
	other.Scopes = []string{"other"}
	s.PutToken(other, adaTok)
	good, _ := os.ReadFile(f.path(adaKey.location()))

	for i := range good {
		for _, bit := range []byte{0x01, 0x80} {
			bad := bytes.Clone(good)
			bad[i] ^= bit
			f.hurt("bit flip", bad)
		}
	}
	for n := range len(good) {
		f.hurt("truncation", good[:n])
	}
	f.hurt("appended", append(bytes.Clone(good), 0))
	f.hurt("huge", make([]byte, maxEntry+1))
	swapped, _ := os.ReadFile(f.path(other.location()))
	f.hurt("another token's file", swapped)
	binding, _ := os.ReadFile(f.path(ada.location()))
	f.hurt("a file of another kind", binding)

	f.open().PutToken(adaKey, adaTok)
	if _, ok := f.open().Token(adaKey); !ok {
		t.Error("not healed")
	}
	f.warned("")
}

// resealed changes the header as a newer version or another key would.
func resealed(b []byte, change func([]byte)) []byte {
	b = bytes.Clone(b)
	change(b)
	sum := checksum(b)
	copy(b[24:], sum[:])
	return b
}

func TestEntriesOfANewerVersionAreLeftAlone(t *testing.T) {
	f := newFixture(t)
	f.open().PutToken(adaKey, adaTok)
	path := f.path(adaKey.location())
	good, _ := os.ReadFile(path)
	newer := resealed(good, func(b []byte) { b[4] = format + 1 })
	if err := os.WriteFile(path, newer, 0o600); err != nil {
		t.Fatal(err)
	}
	s := f.open()
	if _, ok := s.Token(adaKey); ok {
		t.Error("read")
	}
	s.PutToken(adaKey, adaTok)
	if _, ok := s.Token(adaKey); !ok {
		t.Error("this process does not go on in memory")
	}
	if now, _ := os.ReadFile(path); !bytes.Equal(now, newer) {
		t.Error("touched")
	}
	f.warned("newer authlatch")

	older := resealed(good, func(b []byte) { b[4] = 0 })
	f.hurt("a version that never was", older)
}

// A provider that does not work here (ssh, a container): nothing is touched.
func TestAKeyThatIsNotAvailableHere(t *testing.T) {
	f := newFixture(t)
	f.open().PutToken(adaKey, adaTok)
	keys := f.keys[0].(*fakeKeys)
	path := f.path(adaKey.location())
	before, _ := os.ReadFile(path)
	keys.err = ErrUnavailable
	s := f.open()
	if _, ok := s.Token(adaKey); ok {
		t.Error("read without a key")
	}
	tok := adaTok
	tok.Secret = NewSecret("new")
	s.PutToken(adaKey, tok)
	if got, ok := s.Token(adaKey); !ok || got.Secret.Reveal() != "new" {
		t.Error("not in memory")
	}
	f.warned("not available here")
	if now, _ := os.ReadFile(path); !bytes.Equal(now, before) {
		t.Error("touched")
	}
	keys.err = nil
	if got, ok := f.open().Token(adaKey); !ok || got.Secret.Reveal() != "very secret token" {
		t.Error("not readable afterwards")
	}
}

// After a reboot the kernel's keyring is empty: one sign-in, then all is well.
func TestALostKeyCostsOneSignIn(t *testing.T) {
	f := newFixture(t)
	s := f.open()
	s.PutToken(adaKey, adaTok)
	s.PutBinding(adaBinding)
	clear(f.keys[0].(*fakeKeys).kept)

	s = f.open()
	if _, ok := s.Token(adaKey); ok {
		t.Error("read without a key")
	}
	s.PutBinding(adaBinding)
	s.PutToken(adaKey, adaTok)
	f.warned("the key of the store is gone")
	s = f.open()
	if _, ok := s.Token(adaKey); !ok {
		t.Error("not kept under a new key")
	}
	if _, ok := ReadToken(f.dir, f.keys, adaKey); !ok {
		t.Error("not warm")
	}
	f.warned("")
}

// Without store.json a new key is made; what its provider still has can be read.
func TestALostRecord(t *testing.T) {
	for name, content := range map[string]string{"gone": "", "garbage": "{", "no version": "{}", "no key": `{"version":1,"provider":"keyring","key_id":"x"}`} {
		f := newFixture(t)
		f.open().PutToken(adaKey, adaTok)
		record := filepath.Join(f.dir, recordName)
		if content == "" {
			os.Remove(record)
		} else if err := os.WriteFile(record, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		s := f.open()
		if _, ok := s.Token(adaKey); !ok {
			t.Errorf("%s: the token cannot be read", name)
		}
		s.PutBinding(adaBinding)
		if _, ok := f.open().Binding(ada); !ok {
			t.Errorf("%s: nothing can be kept", name)
		}
		f.warned("")
	}
}
