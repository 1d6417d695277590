package file

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/authlatch/authlatch/host/store"
)

func TestKeepAndLoad(t *testing.T) {
	p := Provider{Path: filepath.Join(t.TempDir(), "new", "key")}
	a, b := store.NewKey(), store.NewKey()
	if _, err := p.Load(a.ID()); !errors.Is(err, store.ErrNoKey) {
		t.Errorf("no file: %v", err)
	}
	if got, err := p.Keep(a); err != nil || got.Reveal() != a.Reveal() {
		t.Fatalf("%v", err)
	}
	if got, err := p.Load(a.ID()); err != nil || got.Reveal() != a.Reveal() {
		t.Errorf("%v", err)
	}
	if got, err := p.Keep(b); err != nil || got.Reveal() != a.Reveal() {
		t.Errorf("the key that is there is replaced: %v", err)
	}
	if _, err := p.Load(b.ID()); !errors.Is(err, store.ErrNoKey) {
		t.Errorf("another key: %v", err)
	}
	if info, err := os.Stat(p.Path); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := p.Forget(b.ID()); err != nil {
		t.Error(err)
	}
	if _, err := p.Load(a.ID()); err != nil {
		t.Errorf("the key that is there went for another: %v", err)
	}
	if err := errors.Join(p.Forget(a.ID()), p.Forget(a.ID())); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(p.Path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the key is left: %v", err)
	}
}

func TestOneKeyHoweverManyKeepOne(t *testing.T) {
	p := Provider{Path: filepath.Join(t.TempDir(), "key")}
	var all sync.WaitGroup
	keys := make([]store.Key, 8)
	for i := range keys {
		all.Go(func() {
			var err error
			if keys[i], err = p.Keep(store.NewKey()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, k := range keys {
		if k.Reveal() != keys[0].Reveal() {
			t.Fatal("two keys")
		}
	}
	if entries, _ := os.ReadDir(filepath.Dir(p.Path)); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
}

func TestAFileThatIsNoPrivateKey(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
		want string
	}{
		"open":     {begins + strings.Repeat("00", 32), 0o644, "chmod 600"},
		"garbage":  {"hello", 0o600, "is no key file"},
		"short":    {begins + "00", 0o600, "is no key file"},
		"empty":    {"", 0o600, "is no key file"},
		"bare hex": {strings.Repeat("00", 32), 0o600, "is no key file"},
	} {
		p := Provider{Path: filepath.Join(dir, name)}
		if err := errors.Join(os.WriteFile(p.Path, []byte(c.text), 0o600), os.Chmod(p.Path, c.mode)); err != nil {
			t.Fatal(err)
		}
		_, loading := p.Load(store.KeyID{})
		_, keeping := p.Keep(store.NewKey())
		for _, err := range []error{loading, keeping, p.Forget(store.KeyID{})} {
			if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if _, err := (Provider{}).Keep(store.NewKey()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("no path: %v", err)
	}
}

// While a store is moved from one key to another, the file holds both.
func TestAddAndForget(t *testing.T) {
	p := Provider{Path: filepath.Join(t.TempDir(), "key")}
	old, err := p.Keep(store.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	added := store.NewKey()
	if err := p.Add(added); err != nil {
		t.Fatal(err)
	}
	for _, k := range []store.Key{old, added} {
		if got, err := p.Load(k.ID()); err != nil || got.Reveal() != k.Reveal() {
			t.Errorf("%v", err)
		}
	}
	if got, err := p.Keep(store.NewKey()); err != nil || got.ID() != added.ID() {
		t.Errorf("the new key is not the one in use: %v", err)
	}
	if err := p.Forget(old.ID()); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Load(old.ID()); !errors.Is(err, store.ErrNoKey) {
		t.Errorf("%v", err)
	}
	if _, err := p.Load(added.ID()); err != nil {
		t.Error(err)
	}
	if err := p.Forget(added.ID()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(p.Path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}
