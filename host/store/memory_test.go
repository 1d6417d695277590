package store

import (
	"os"
	"testing"
	"time"
)

// A host that lives long could not write once. What it remembers is good until
// the disk knows better.
func TestMemoryGivesWayToWhatOthersWroteSince(t *testing.T) {
	bob := adaBinding
	bob.Account.ID = "bob"
	for name, c := range map[string]struct {
		meanwhile func(host, other *Store)
		want      string // the token's text then; "" is none
	}{
		"nothing happens":                {func(_, _ *Store) {}, "remembered"},
		"another process renews":         {func(_, other *Store) { other.PutToken(adaKey, tokenOf("newer")) }, "newer"},
		"another token is written":       {func(_, other *Store) { other.PutToken(adaKeyOf("other"), tokenOf("x")) }, "remembered"},
		"a rejected token is dropped":    {func(_, other *Store) { other.DeleteToken(adaKey) }, ""},
		"a sign-out elsewhere":           {func(_, other *Store) { _ = other.Remove(ada) }, ""},
		"everything signed out":          {func(_, other *Store) { _ = other.RemoveAll() }, ""},
		"another account elsewhere":      {func(_, other *Store) { other.PutBinding(bob); other.DeleteToken(adaKey) }, ""},
		"the host binds it again itself": {func(host, _ *Store) { host.PutBinding(adaBinding) }, "remembered"},
		"the host binds it after another": {func(host, other *Store) {
			other.PutBinding(bob)
			host.PutBinding(bob)
		}, "on disk"},
		"the host writes again": {func(host, _ *Store) { host.PutToken(adaKey, tokenOf("written")) }, "written"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			other := f.open()
			other.PutBinding(adaBinding)
			other.PutToken(adaKey, tokenOf("on disk"))
			keys := f.keys[0].(*fakeKeys)
			keys.err = ErrUnavailable
			host := f.open()
			host.PutToken(adaKey, tokenOf("remembered"))
			keys.err = nil
			c.meanwhile(host, other)
			if got, _ := host.Token(adaKey); got.Secret.Reveal() != c.want {
				t.Errorf("%q, want %q", got.Secret.Reveal(), c.want)
			}
			if name == "the host writes again" {
				if got, _ := other.Token(adaKey); got.Secret.Reveal() != "written" {
					t.Errorf("others find %q: one failure is for ever", got.Secret.Reveal())
				}
			}
		})
	}
}

// A token for which there was nothing on disk goes with its binding.
func TestMemoryOfANewTokenEndsWithTheSignIn(t *testing.T) {
	f := newFixture(t)
	other := f.open()
	other.PutBinding(adaBinding)
	keys := f.keys[0].(*fakeKeys)
	keys.err = ErrUnavailable
	host := f.open()
	host.PutToken(adaKey, adaTok)
	keys.err = nil
	if _, ok := host.Token(adaKey); !ok {
		t.Error("lost while signed in")
	}
	if err := other.Remove(ada); err != nil {
		t.Fatal(err)
	}
	if _, ok := host.Token(adaKey); ok {
		t.Error("handed out after the sign-out")
	}
}

// Where the disk could not even be looked at, the clock decides.
func TestMemoryMadeBlind(t *testing.T) {
	for _, c := range []struct {
		name   string
		made   time.Duration // against the entry's time
		mended bool
		want   string
	}{
		{"the entry is newer", -time.Minute, true, "on disk"},
		{"the entry is older", time.Minute, true, "remembered"},
		{"still blind", -time.Minute, false, "remembered"},
	} {
		f := newFixture(t)
		f.open().PutToken(adaKey, tokenOf("on disk"))
		hidden := f.dir + ".hidden"
		if err := os.Rename(f.dir, hidden); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f.dir, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		f.now = noon.Add(c.made) // noon is when it was obtained
		host := f.open()
		host.PutToken(adaKey, tokenOf("remembered"))
		if c.mended {
			if err := os.Remove(f.dir); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(hidden, f.dir); err != nil {
				t.Fatal(err)
			}
		}
		if got, _ := host.Token(adaKey); got.Secret.Reveal() != c.want {
			t.Errorf("%s: %q, want %q", c.name, got.Secret.Reveal(), c.want)
		}
	}
}

func adaKeyOf(scope string) TokenKey {
	k := adaKey
	k.Scopes = []string{scope}
	return k
}
