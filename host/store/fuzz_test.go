package store

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func FuzzEntry(f *testing.F) {
	key := NewKey()
	l := adaKey.location()
	good := seal(key, 1, kindToken, l.id, encodeToken(adaTok))
	f.Add(good)
	f.Add(good[:headerSize])
	f.Add([]byte(magic))
	dir := f.TempDir()
	path := filepath.Join(dir, l.path)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := readEntry(dir, l, func(header) (Key, error) { return key, nil })
		if err == nil && !bytes.Equal(b, good) {
			t.Fatal("a forgery was opened")
		}
		if err != nil && !errors.Is(err, errDamaged) && !errors.Is(err, errNewer) {
			t.Fatal(err)
		}
		decodeToken(p)
		decodeToken(b)
		decodeBinding(b)
	})
}

func FuzzKeyIDs(f *testing.F) {
	f.Add("a", "b", "c")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		x := TokenKey{Identity: Identity{Profile: a}, Scopes: []string{b, c}}
		y := TokenKey{Identity: Identity{Profile: a + b}, Scopes: []string{c}}
		z := TokenKey{Identity: Identity{Profile: a}, Scopes: []string{b + c}}
		if b != "" && x.id() == y.id() || b != "" && c != "" && x.id() == z.id() {
			t.Fatalf("%q %q %q", a, b, c)
		}
		if _, err := ParseKeyID(a); err == nil && len(a) != 32 {
			t.Fatal(a)
		}
	})
}

func BenchmarkReadToken(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "store")
	keys := []KeyProvider{newFakeKeys("keyring")}
	Open(Options{Dir: dir, Keys: keys}).PutToken(adaKey, Token{Secret: NewSecret(strings.Repeat("x", 1800)), ExpiresOn: time.Now().Add(time.Hour)})
	for b.Loop() {
		if _, ok := ReadToken(dir, keys, adaKey); !ok {
			b.Fatal("lost")
		}
	}
}

func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"version":1,"provider":"keyring","key_id":"00000000000000000000000000000000","place":"x","others":[{"provider":"file","key_id":"y"}]}`))
	f.Add([]byte(`{"version":9}`))
	f.Add([]byte(`{`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := parseRecord(b)
		if err != nil {
			if !errors.Is(err, ErrNoKey) && !errors.Is(err, errNewer) {
				t.Fatal(err)
			}
			return
		}
		again, err := parseRecord(encode(r))
		if err != nil || !bytes.Equal(encode(again), encode(r)) {
			t.Fatalf("%s: %v", encode(r), err)
		}
		s := Open(Options{Dir: t.TempDir(), Keys: []KeyProvider{newFakeKeys("keyring")}})
		if _, _, err := s.recorded(r); err == nil {
			t.Fatal("a key from nowhere")
		}
		for _, k := range append(r.Others, r.keptKey) {
			_ = s.forget(k) // does not panic
		}
	})
}
