package config

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/authlatch/authlatch/host/store"
)

// Two files may each have a profile "work", of two people at one provider: a
// checkout's, by --config, and the user's own.
func TestProfilesOfTwoFilesShareNoSignIn(t *testing.T) {
	dir := t.TempDir()
	env := environment("XDG_CONFIG_HOME", dir, "APPDATA", dir)
	own, other := userPath(env), filepath.Join(dir, "other.toml")
	if err := os.MkdirAll(filepath.Dir(own), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{own, other} {
		if err := os.WriteFile(path, []byte("version = 1\n[profiles.work]\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	lock := func(path, variable string) string {
		t.Helper()
		env := environment("XDG_CONFIG_HOME", dir, "APPDATA", dir, "AUTHLATCH_CONFIG", variable)
		f, err := Load(path, env)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Resolve(f, Flags{Profile: "work"}, env)
		if err != nil {
			t.Fatal(err)
		}
		if s.Identity().Profile != "work" {
			t.Errorf("%+v does not show the profile", s.Identity())
		}
		return s.Identity().LockName()
	}
	mine, theirs := lock("", ""), lock(other, "")
	if mine == theirs {
		t.Error("two files' profiles share a sign-in")
	}
	if lock(own, "") != mine || lock("", own) != mine {
		t.Error("the user's own file is another one if it is named")
	}
	if lock("", other) != theirs || runtime.GOOS != "windows" && lock("", filepath.Dir(other)+"//other.toml") != theirs {
		t.Error("the same file by a variable is another one")
	}
}

func TestIdentity(t *testing.T) {
	named := "version = 1\n[profiles.work]\nusername = \"Ada@Contoso.com\"\n"
	plain := "version = 1\n[profiles.work]\n"
	for _, c := range []struct {
		name, text string
		flags      Flags
		want       store.Identity
	}{
		{"a user named by the profile, whatever its name", named, Flags{}, store.Identity{Username: "ada@contoso.com"}},
		{"another user on the command line", named, Flags{Username: "bob@contoso.com"}, store.Identity{Username: "bob@contoso.com"}},
		{"no user: the profile's name", plain, Flags{}, store.Identity{Profile: "work"}},
		{"a hint is no identity, so that login --username and token agree", plain, Flags{Username: "bob@contoso.com"}, store.Identity{Profile: "work"}},
	} {
		s, err := Resolve(parse(t, c.text), c.flags, environment())
		c.want.Authority, c.want.Tenant, c.want.ClientID = "https://login.microsoftonline.com", "organizations", DefaultClientID
		if err != nil || s.Identity() != c.want {
			t.Errorf("%s: %+v, %v", c.name, s.Identity(), err)
		}
	}
}
