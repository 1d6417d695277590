package store

import (
	"bytes"
	"cmp"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// fakeKeys is a provider in memory. err, if set, is what it answers, keep what
// Keep answers.
type fakeKeys struct {
	mu   sync.Mutex
	name string
	kept map[KeyID]Key
	err  error
	keep error
	load func() // called once, before the next Load

	keeping func() // called before each Keep
}

func newFakeKeys(name string) *fakeKeys { return &fakeKeys{name: name, kept: map[KeyID]Key{}} }

func (f *fakeKeys) Name() string { return f.name }

func (f *fakeKeys) Load(id KeyID) (Key, error) {
	if load := f.load; load != nil {
		f.load = nil
		load()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return Key{}, f.err
	}
	if k, ok := f.kept[id]; ok {
		return k, nil
	}
	return Key{}, ErrNoKey
}

func (f *fakeKeys) Keep(k Key) (Key, error) {
	if f.keeping != nil {
		f.keeping()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := cmp.Or(f.err, f.keep); err != nil {
		return Key{}, err
	}
	f.kept[k.ID()] = k
	return k, nil
}

func (f *fakeKeys) Forget(id KeyID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return f.err
	}
	delete(f.kept, id)
	return nil
}

// fixture is a directory, its keys, and what was warned of.
type fixture struct {
	t        *testing.T
	dir      string
	keys     []KeyProvider
	explicit bool
	warnings []string
	now      time.Time
}

func newFixture(t *testing.T) *fixture {
	return &fixture{t: t, dir: filepath.Join(t.TempDir(), "store"), keys: []KeyProvider{newFakeKeys("keyring")}, now: noon}
}

// open is a new process.
func (f *fixture) open() *Store {
	return Open(Options{
		Dir: f.dir, Keys: f.keys, Explicit: f.explicit, Now: func() time.Time { return f.now },
		Warn: func(w string) { f.warnings = append(f.warnings, w) },
	})
}

// warned checks that there was one warning that contains want, or none.
func (f *fixture) warned(want string) {
	f.t.Helper()
	if want == "" && len(f.warnings) > 0 || want != "" && (len(f.warnings) != 1 || !strings.Contains(f.warnings[0], want)) {
		f.t.Errorf("warnings %q, want one of %q", f.warnings, want)
	}
	for _, w := range f.warnings {
		if strings.Contains(w, "\n") {
			f.t.Errorf("%q is not one line", w)
		}
	}
	f.warnings = nil
}

func (f *fixture) path(l location) string { return filepath.Join(f.dir, l.path) }

var (
	ada     = Identity{Authority: "https://login.example", Tenant: "contoso.com", ClientID: "c", Profile: "work"}
	adaKey  = TokenKey{Identity: ada, Scopes: []string{"api://x/.default"}, Capabilities: []string{"cp1"}}
	adaInfo = Account{ID: "oid.tid", Username: "ada@contoso.com", Tenant: "tid", Environment: "login.example"}
	adaTok  = Token{
		Secret: NewSecret("very secret token"), TokenType: "Bearer", ExpiresOn: noon.Add(time.Hour), RefreshOn: noon.Add(30 * time.Minute),
		Scopes: []string{"api://x/.default"}, Account: adaInfo, ObtainedOn: noon, Claims: "hash",
	}
	adaBinding = Binding{Identity: ada, Account: adaInfo, Flow: "browser", SignedInOn: noon}
)

func same(a, b Token) bool {
	return a.Secret.Reveal() == b.Secret.Reveal() && a.ExpiresOn.Equal(b.ExpiresOn) && a.RefreshOn.Equal(b.RefreshOn) && a.ObtainedOn.Equal(b.ObtainedOn) &&
		reflect.DeepEqual(a.Scopes, b.Scopes) && a.Account == b.Account && a.TokenType == b.TokenType && a.Claims == b.Claims
}

func TestAnotherProcessFindsWhatWasKept(t *testing.T) {
	f := newFixture(t)
	s := f.open()
	s.PutState(adaBinding.StateKey(), []byte("refresh token"))
	s.PutBinding(adaBinding)
	s.PutToken(adaKey, adaTok)

	s = f.open()
	if got, ok := s.Token(adaKey); !ok || !same(got, adaTok) {
		t.Errorf("token %+v, %v", got, ok)
	}
	if got, ok := ReadToken(f.dir, f.keys, adaKey); !ok || !same(got, adaTok) {
		t.Errorf("warm %+v, %v", got, ok)
	}
	if got, ok := s.Binding(ada); !ok || got.Account != adaInfo || got.Flow != "browser" || !got.SignedInOn.Equal(noon) {
		t.Errorf("binding %+v, %v", got, ok)
	}
	if got, ok := s.State(adaBinding.StateKey()); !ok || string(got) != "refresh token" {
		t.Errorf("state %q, %v", got, ok)
	}
	if _, ok := s.Token(TokenKey{Identity: ada, Scopes: []string{"api://y/.default"}}); ok {
		t.Error("a token for scopes that were never asked for")
	}
	f.warned("")
}

func TestNothingReadableOnDisk(t *testing.T) {
	f := newFixture(t)
	s := f.open()
	s.PutState(adaBinding.StateKey(), []byte("refresh token"))
	s.PutBinding(adaBinding)
	s.PutToken(adaKey, adaTok)
	_ = filepath.WalkDir(f.dir, func(path string, d fs.DirEntry, err error) error {
		info, _ := d.Info()
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %o", path, info.Mode().Perm())
		}
		content, _ := os.ReadFile(path)
		for _, secret := range []string{"secret", "refresh", "ada@", "contoso", "api://", "browser", "work"} {
			if bytes.Contains(content, []byte(secret)) || strings.Contains(strings.TrimPrefix(path, f.dir), secret) {
				t.Errorf("%s shows %q", path, secret)
			}
		}
		return nil
	})
}

func TestMemory(t *testing.T) {
	for name, open := range map[string]func(*fixture){
		"by choice":  func(f *fixture) { f.dir, f.keys, f.explicit = "", nil, true },
		"no home":    func(f *fixture) { f.dir = "" },
		"no keyring": func(f *fixture) { f.keys[0].(*fakeKeys).err = ErrUnavailable },
	} {
		f := newFixture(t)
		dir := f.dir
		open(f)
		s := f.open()
		s.PutToken(adaKey, adaTok)
		s.PutBinding(adaBinding)
		s.PutState(adaBinding.StateKey(), []byte("x"))
		if got, ok := s.Token(adaKey); !ok || !same(got, adaTok) {
			t.Errorf("%s: the token is lost", name)
		}
		if len(s.Accounts()) != 1 {
			t.Errorf("%s: %+v", name, s.Accounts())
		}
		if err := s.Remove(ada); err != nil || len(s.Accounts()) != 0 {
			t.Errorf("%s: %v", name, err)
		}
		f.warned(map[string]string{"by choice": "", "no home": "AUTHLATCH_STORE_DIR", "no keyring": `key = "file" or AUTHLATCH_STORE_KEY=file`}[name])
		if entries, _ := os.ReadDir(filepath.Join(dir, accountsDir)); len(entries) > 0 {
			t.Errorf("%s: files in clear?", name)
		}
	}
}
