//go:build unix

package store

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Whatever is in the way, the token just obtained is not lost.
func TestAStoreThatCannotBeUsed(t *testing.T) {
	for name, c := range map[string]struct {
		harm func(t *testing.T, f *fixture)
		warn string
		root bool // needs another user's id
	}{
		"dir is a file":         {func(t *testing.T, f *fixture) { write(t, f.dir) }, "is not a directory", false},
		"parent is a file":      {func(t *testing.T, f *fixture) { f.dir += "/x/y"; write(t, filepath.Dir(filepath.Dir(f.dir))) }, "not a directory", false},
		"accounts is a file":    {func(t *testing.T, f *fixture) { mkdir(t, f.dir, 0o700); write(t, f.dir+"/accounts") }, "not a directory", false},
		"locks is a file":       {func(t *testing.T, f *fixture) { mkdir(t, f.dir, 0o700); write(t, f.dir+"/locks") }, "locking the store", false},
		"record is a directory": {func(t *testing.T, f *fixture) { mkdir(t, f.dir+"/store.json", 0o700) }, "is not a regular file", false},
		"open to all":           {func(t *testing.T, f *fixture) { mkdir(t, f.dir, 0o755) }, "run: chmod 700 ", false},
		"open to the group":     {func(t *testing.T, f *fixture) { mkdir(t, f.dir, 0o750) }, "run: chmod 700 ", false},
		"a symbolic link": {func(t *testing.T, f *fixture) {
			if err := os.Symlink(t.TempDir(), f.dir); err != nil {
				t.Skip(err)
			}
		}, "is not a directory", false},
		"another user's":         {func(t *testing.T, f *fixture) { mkdir(t, f.dir, 0o700); chown(t, f.dir) }, "belongs to another user (uid 4242)", true},
		"in another user's home": {func(t *testing.T, f *fixture) { chown(t, filepath.Dir(f.dir)) }, "belongs to another user (uid 4242)", true},
		"record open to all": {func(t *testing.T, f *fixture) {
			mkdir(t, f.dir, 0o700)
			write(t, f.dir+"/store.json")
			chmod(t, f.dir+"/store.json")
		}, "run: chmod 600 ", false},
		"the provider says no": {func(t *testing.T, f *fixture) { f.explicit = true; f.keys[0].(*fakeKeys).err = ErrUnavailable }, "not available here", false},
		"made with an unknown one": {func(t *testing.T, f *fixture) {
			mkdir(t, f.dir, 0o700)
			writeRecord(t, f, `{"version":1,"provider":"tpm","key_id":"00000000000000000000000000000000"}`)
		}, "kept by: tpm", false},
		"a store of a newer version": {func(t *testing.T, f *fixture) { mkdir(t, f.dir, 0o700); writeRecord(t, f, `{"version":9}`) }, "newer authlatch", false},
	} {
		t.Run(name, func(t *testing.T) {
			if c.root && os.Geteuid() != 0 {
				t.Skip("only root can give files away")
			}
			f := newFixture(t)
			c.harm(t, f)
			s := f.open()
			s.Token(adaKey)
			s.PutState(adaBinding.StateKey(), []byte("x"))
			s.PutToken(adaKey, adaTok)
			if got, ok := s.Token(adaKey); !ok || !same(got, adaTok) {
				t.Error("the token is lost")
			}
			f.warned(c.warn)
			if _, ok := ReadToken(f.dir, f.keys, adaKey); ok {
				t.Error("a helper finds it")
			}
			unlock, err := s.Lock(t.Context(), "x")
			if err != nil {
				t.Fatal(err)
			}
			unlock()
		})
	}
}

func TestAnEntryThatIsNotPrivate(t *testing.T) {
	for name, harm := range map[string]func(path string) error{
		"open to all": func(p string) error { return os.Chmod(p, 0o644) },
		"a symbolic link": func(p string) error {
			return errors.Join(os.Rename(p, p+".real"), os.Symlink(p+".real", p))
		},
		"a FIFO":      func(p string) error { return errors.Join(os.Remove(p), syscall.Mkfifo(p, 0o600)) },
		"a directory": func(p string) error { return errors.Join(os.Remove(p), os.Mkdir(p, 0o700)) },
	} {
		f := newFixture(t)
		f.open().PutToken(adaKey, adaTok)
		if err := harm(f.path(adaKey.location())); err != nil {
			t.Fatal(err)
		}
		if _, ok := ReadToken(f.dir, f.keys, adaKey); ok {
			t.Errorf("%s: read", name)
		}
		s := f.open()
		if _, ok := s.Token(adaKey); ok {
			t.Errorf("%s: read", name)
		}
		s.PutToken(adaKey, adaTok)
		if _, ok := s.Token(adaKey); !ok {
			t.Errorf("%s: lost", name)
		}
	}
}

func write(t *testing.T, path string) { writeText(t, path, "") }
func writeRecord(t *testing.T, f *fixture, text string) {
	writeText(t, filepath.Join(f.dir, recordName), text)
}

func chmod(t *testing.T, path string) {
	t.Helper()
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
}

func chown(t *testing.T, path string) {
	t.Helper()
	if err := os.Chown(path, 4242, -1); err != nil {
		t.Skip(err)
	}
}
