package keys

import (
	"errors"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/host/store"
)

// fake is a provider by name.
type fake string

func (f fake) Name() string                      { return string(f) }
func (fake) Load(store.KeyID) (store.Key, error) { return store.Key{}, store.ErrNoKey }
func (fake) Keep(k store.Key) (store.Key, error) { return k, nil }

func names(all []store.KeyProvider) string {
	var text []string
	for _, p := range all {
		text = append(text, p.Name())
	}
	return strings.Join(text, " ")
}

func TestChoose(t *testing.T) {
	auto, named := []store.KeyProvider{fake("best"), fake("good")}, []store.KeyProvider{fake("file")}
	for choice, want := range map[string]struct {
		makes, reads     string
		explicit, memory bool
	}{
		"":        {"best good", "file", false, false},
		"auto":    {"best good", "file", false, false},
		"best":    {"best", "good file", true, false},
		"good":    {"good", "best file", true, false},
		"file":    {"file", "best good", true, false},
		"memory":  {"", "", true, true},
		"another": {"another", "best good file", true, false},
	} {
		s := Choose(choice, auto, named)
		if names(s.Make) != want.makes || names(s.Read) != want.reads || s.Explicit != want.explicit || s.Memory != want.memory {
			t.Errorf("%q: %q, %q, %+v", choice, names(s.Make), names(s.Read), s)
		}
		if onDisk := s.Options("/d").Dir != ""; onDisk == want.memory {
			t.Errorf("%q: on disk %v", choice, onDisk)
		}
	}
	if names(auto) != "best good" || names(named) != "file" {
		t.Error("the lists that were given have changed")
	}
}

func TestWhatThisPlatformLacks(t *testing.T) {
	p := Choose("another", nil, nil).Make[0]
	_, loaded := p.Load(store.KeyID{})
	_, kept := p.Keep(store.NewKey())
	for _, err := range []error{loaded, kept, p.(store.Checker).Check()} {
		if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "another is not available on "+runtime.GOOS) {
			t.Errorf("%v", err)
		}
	}
}

// Whatever made a store, a helper of that platform knows how to read it.
func TestCheap(t *testing.T) {
	want := map[string]string{"linux": "secret-service keyring file", "darwin": "keychain file", "windows": "dpapi file"}[runtime.GOOS]
	if got := names(Cheap("auto", "/k").All()); want != "" && got != want {
		t.Errorf("%q", got)
	}
	for _, p := range Cheap("", "").Read {
		if _, err := p.Keep(store.NewKey()); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s keeps a key nowhere: %v", p.Name(), err)
		}
	}
}

func TestAStoreWithAKeyFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	set := Cheap("file", filepath.Join(dir, "key"))
	o := set.Options(dir)
	o.Warn = func(w string) { t.Error(w) }
	k := store.TokenKey{Identity: store.Identity{Profile: "p"}, Scopes: []string{"s"}}
	store.Open(o).PutToken(k, store.Token{Secret: store.NewSecret("x")})
	if _, ok := store.ReadToken(dir, set.All(), k); !ok {
		t.Error("not found again")
	}
	if _, ok := store.ReadToken(dir, Cheap("auto", filepath.Join(dir, "key")).All(), k); !ok {
		t.Error("not found by auto")
	}
}
