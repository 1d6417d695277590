package dpapi

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/host/store"
)

// fakeUser is a protector that turns bits over, for one user.
type fakeUser struct {
	name string
	err  error
}

func (u fakeUser) protect(plain []byte) ([]byte, error) {
	return append([]byte(u.name), turned(plain)...), u.err
}

func (u fakeUser) unprotect(blob []byte) ([]byte, error) {
	text, ok := bytes.CutPrefix(blob, []byte(u.name))
	if !ok {
		return nil, errors.New("key not valid for use in specified state")
	}
	return turned(text), u.err
}

func turned(b []byte) []byte {
	b = bytes.Clone(b)
	for i := range b {
		b[i] ^= 0xff
	}
	return b
}

func TestKeepLoadForget(t *testing.T) {
	p := Provider{Dir: filepath.Join(t.TempDir(), "store"), with: fakeUser{name: "alice"}}
	k, other := store.NewKey(), store.NewKey()
	if _, err := p.Load(k.ID()); !errors.Is(err, store.ErrNoKey) {
		t.Errorf("before: %v", err)
	}
	for _, key := range []store.Key{k, k, other} {
		if got, err := p.Keep(key); err != nil || got.ID() != key.ID() {
			t.Fatal(err)
		}
	}
	if got, err := p.Load(k.ID()); err != nil || got.Reveal() != k.Reveal() {
		t.Errorf("%v", err)
	}
	if err := p.Check(); err != nil {
		t.Error(err)
	}
	b, err := os.ReadFile(p.path(k.ID()))
	if secret := k.Reveal(); err != nil || bytes.Contains(b, secret[:]) || !strings.HasPrefix(string(b), begins) {
		t.Errorf("%q, %v", b, err)
	}
	if info, err := os.Stat(p.path(k.ID())); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	for range 2 {
		if err := p.Forget(k.ID()); err != nil {
			t.Error(err)
		}
	}
	if _, err := p.Load(k.ID()); !errors.Is(err, store.ErrNoKey) {
		t.Errorf("after: %v", err)
	}
	if _, err := p.Load(other.ID()); err != nil {
		t.Errorf("the other: %v", err)
	}
	if left, err := os.ReadDir(p.Dir); err != nil || len(left) != 1 {
		t.Errorf("%v, %v", left, err)
	}
}

// Only a file that is gone means a key that is gone.
func TestAKeyThatCannotBeRead(t *testing.T) {
	for name, spoil := range map[string]func(p *Provider, path string, k store.Key) error{
		"another user": func(p *Provider, _ string, _ store.Key) error { p.with = fakeUser{name: "bob"}; return nil },
		"a failure": func(p *Provider, _ string, _ store.Key) error {
			p.with = fakeUser{name: "alice", err: errors.New("no")}
			return nil
		},
		"no directory": func(p *Provider, _ string, _ store.Key) error { p.Dir = ""; return nil },
		"empty":        func(_ *Provider, path string, _ store.Key) error { return os.WriteFile(path, nil, 0o600) },
		"no base64": func(_ *Provider, path string, _ store.Key) error {
			return os.WriteFile(path, []byte(begins+"*"), 0o600)
		},
		"too short": func(_ *Provider, path string, _ store.Key) error {
			return os.WriteFile(path, []byte(begins+"YWxpY2U="), 0o600)
		},
		"another key": func(p *Provider, path string, _ store.Key) error {
			k := store.NewKey()
			if _, err := p.Keep(k); err != nil {
				return err
			}
			return os.Rename(p.path(k.ID()), path)
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := Provider{Dir: t.TempDir(), with: fakeUser{name: "alice"}}
			k, err := p.Keep(store.NewKey())
			if err != nil {
				t.Fatal(err)
			}
			if err := spoil(&p, p.path(k.ID()), k); err != nil {
				t.Fatal(err)
			}
			if _, err := p.Load(k.ID()); !errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrNoKey) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestADirectoryThatCannotBeMade(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p := Provider{Dir: filepath.Join(file, "store"), with: fakeUser{name: "alice"}}
	if _, err := p.Keep(store.NewKey()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("%v", err)
	}
	p = Provider{Dir: t.TempDir(), with: fakeUser{err: errors.New("no")}}
	if _, err := p.Keep(store.NewKey()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("%v", err)
	}
	if err := p.Check(); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("%v", err)
	}
}

// Here is the real one, or on other systems none.
func TestTheSystem(t *testing.T) {
	p := Provider{Dir: t.TempDir()}
	k := store.NewKey()
	_, err := p.Keep(k)
	if runtime.GOOS != "windows" {
		if !errors.Is(err, store.ErrUnavailable) || !errors.Is(p.Check(), store.ErrUnavailable) {
			t.Errorf("%v", err)
		}
		return
	}
	if got, loadErr := p.Load(k.ID()); err != nil || loadErr != nil || got.Reveal() != k.Reveal() {
		t.Errorf("%v, %v", err, loadErr)
	}
}
