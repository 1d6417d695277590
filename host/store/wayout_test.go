package store

import (
	"strings"
	"testing"
)

// The way out that a warning names is one that works here, and entries are spoken
// of only where there is a store.
func TestTheWayOutWorks(t *testing.T) {
	unavailable := func(name string) KeyProvider { return checkedKeys{&fakeKeys{name: name, err: ErrUnavailable}} }
	for name, c := range map[string]struct {
		there    bool // a store whose key the Secret Service keeps
		explicit bool
		others   []KeyProvider
		ends     string
	}{
		"another keeper":        {true, false, []KeyProvider{newFakeKeys("keyring")}, "run: authlatch store rekey --to keyring"},
		"named by the setting":  {true, true, []KeyProvider{newFakeKeys("keyring")}, "run: authlatch store rekey --to keyring"},
		"the second that works": {true, true, []KeyProvider{unavailable("keyring"), newFakeKeys("file")}, "run: authlatch store rekey --to file"},
		"none":                  {true, true, []KeyProvider{unavailable("keyring")}, "; what is kept is left alone"},
		"no store yet":          {false, true, []KeyProvider{newFakeKeys("keyring")}, "set [store] key or AUTHLATCH_STORE_KEY to keyring"},
		"no store, and none":    {false, true, []KeyProvider{unavailable("keyring")}, "until this process ends"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			service := newFakeKeys("secret-service")
			f.keys, f.explicit = []KeyProvider{service}, c.explicit
			if c.there {
				f.open().PutToken(adaKey, adaTok)
			}
			service.err = ErrUnavailable
			s := Open(Options{Dir: f.dir, Keys: f.keys, ReadKeys: c.others, Explicit: c.explicit, Warn: func(w string) { f.warnings = append(f.warnings, w) }})
			s.PutToken(adaKeyOf("new"), adaTok)
			if len(f.warnings) != 1 || !strings.HasSuffix(f.warnings[0], c.ends) || strings.Contains(f.warnings[0], "is kept is left") != c.there {
				t.Fatalf("warned %q", f.warnings)
			}
			if _, provider, ok := strings.Cut(f.warnings[0], "rekey --to "); ok {
				if _, err := s.Rekey(t.Context(), s.provider(provider)); err != nil {
					t.Errorf("what it says does not work: %v", err)
				}
			}
		})
	}
}
