package keys

import (
	"path/filepath"
	"testing"

	"github.com/authlatch/authlatch/host/store"
)

func TestCheap(t *testing.T) {
	for _, c := range []struct {
		choice   string
		makes    []string
		reads    int
		explicit bool
		onDisk   bool
	}{
		{"", []string{"keyring"}, 2, false, true},
		{"auto", []string{"keyring"}, 2, false, true},
		{"keyring", []string{"keyring"}, 2, true, true},
		{"file", []string{"file"}, 2, true, true},
		{"memory", nil, 0, true, false},
	} {
		s := Cheap(c.choice, "/k")
		var makes []string
		for _, p := range s.Make {
			makes = append(makes, p.Name())
		}
		if len(makes) != len(c.makes) || len(makes) > 0 && makes[0] != c.makes[0] {
			t.Errorf("%q makes a store with %v", c.choice, makes)
		}
		if len(s.All()) != c.reads || s.Explicit != c.explicit || (s.Options("/d").Dir != "") != c.onDisk {
			t.Errorf("%q: %+v", c.choice, s)
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
