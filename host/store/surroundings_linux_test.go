package store

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

// asNobody makes the rest of this process an ordinary user's, if it is root's,
// whom no mode stops. home is that user's.
func asNobody(t *testing.T, home string) {
	t.Helper()
	const nobody = 65534
	if os.Geteuid() != 0 {
		return
	}
	for _, dir := range []string{filepath.Dir(home), home} {
		if err := errors.Join(os.Chmod(dir, 0o755), os.Chown(dir, nobody, nobody)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(syscall.Setgid(nobody), syscall.Setuid(nobody)); err != nil {
		t.Fatal(err)
	}
}

// What was kept can be read, and what is new is not lost.
func TestAReadOnlyDirectory(t *testing.T) { inOwnProcess(t, readOnlyDirectory) }

func readOnlyDirectory(t *testing.T) {
	f := newFixture(t)
	asNobody(t, filepath.Dir(f.dir))
	f.open().PutAnswer(adaAnswer)
	dirs := []string{filepath.Dir(f.path(adaKey.location())), filepath.Join(f.dir, accountsDir), filepath.Join(f.dir, stateDir), f.dir}
	for _, dir := range dirs {
		if err := os.Chmod(dir, 0o500); err != nil {
			t.Fatal(err)
		}
	}
	s := f.open()
	a := adaAnswer
	a.State, a.Token = []byte("new state"), tokenOf("new")
	s.PutAnswer(a)
	f.warned("permission denied")
	if got, ok := s.Token(adaKey); !ok || got.Secret.Reveal() != "new" {
		t.Errorf("the token just obtained is lost: %q", got.Secret.Reveal())
	}
	if got, ok := s.State(adaBinding.StateKey()); !ok || string(got) != "new state" {
		t.Errorf("the new state is lost: %q", got)
	}
	if s.Kept(ada) == nil {
		t.Error("nobody is told that the sign-in is not kept")
	}
	if got, ok := ReadToken(f.dir, f.keys, adaKey); !ok || !same(got, adaTok) {
		t.Errorf("what was kept cannot be read: %+v, %v", got, ok)
	}
	if err := s.Remove(ada); err == nil {
		t.Error("said to be signed out, and nothing is removed")
	}
	for _, dir := range slices.Backward(dirs) {
		if err := os.Chmod(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAMissingHome(t *testing.T) { inOwnProcess(t, missingHome) }

func missingHome(t *testing.T) {
	f := newFixture(t)
	asNobody(t, filepath.Dir(f.dir))
	f.dir = "/nonexistent/.local/state/authlatch/store"
	s := f.open()
	s.PutAnswer(adaAnswer)
	f.warned("permission denied")
	if got, ok := s.Token(adaKey); !ok || !same(got, adaTok) {
		t.Error("the token just obtained is lost")
	}
	if st := s.Status(); st.Key == KeyAvailable {
		t.Errorf("%+v", st)
	}
}

// A real one, where this user may mount it; else every file has its limit.
func TestAFullTmpfs(t *testing.T) {
	attr := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Geteuid() != 0 {
		attr.Cloneflags |= syscall.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	}
	if err := inProcess(t, fullTmpfs, attr); err != nil {
		t.Logf("no mount namespace here (%v)", err)
		inOwnProcess(t, fullTmpfs)
	}
}

func fullTmpfs(t *testing.T) {
	f := newFixture(t)
	const size = 256 << 10
	home := filepath.Dir(f.dir)
	mounted := errors.Join(syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""),
		syscall.Mount("tmpfs", home, "tmpfs", 0, "size=256k,mode=0700"))
	if mounted == nil {
		t.Cleanup(func() { _ = syscall.Unmount(home, syscall.MNT_DETACH) })
	}
	f.open().PutAnswer(adaAnswer)
	filler := filepath.Join(home, "filler")
	// fill leaves so many bytes free.
	fill := func(free int) (empty func()) {
		if mounted != nil {
			return limitFiles(t, uint64(free))
		}
		if err := os.WriteFile(filler, make([]byte, size), 0o600); !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("not full: %v", err)
		}
		info, err := os.Stat(filler)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(filler, info.Size()-int64(free)); err != nil {
			t.Fatal(err)
		}
		return func() { _ = os.Remove(filler) }
	}
	t.Logf("a tmpfs: %v", mounted == nil)
	for _, free := range []int{0, 4 << 10, 8 << 10, 16 << 10} {
		empty := fill(free)
		a := adaAnswer
		a.State, a.Token = bytes.Repeat([]byte("s"), 64<<10), tokenOf(string(bytes.Repeat([]byte("t"), 20<<10)))
		s := f.open()
		s.PutAnswer(a)
		f.warned("the store cannot be used")
		if got, ok := s.Token(adaKey); !ok || !same(got, a.Token) {
			t.Errorf("%d bytes free: the token just obtained is lost", free)
		}
		if got, ok := s.State(adaBinding.StateKey()); !ok || !bytes.Equal(got, a.State) {
			t.Errorf("%d bytes free: the new state is lost", free)
		}
		if got, ok := f.open().State(adaBinding.StateKey()); !ok || !bytes.Equal(got, adaAnswer.State) {
			t.Errorf("%d bytes free: the old state is spoilt: %q", free, got)
		}
		if got, ok := ReadToken(f.dir, f.keys, adaKey); !ok || !same(got, adaTok) {
			t.Errorf("%d bytes free: the old token is spoilt: %+v, %v", free, got, ok)
		}
		empty()
		err := filepath.WalkDir(f.dir, func(path string, _ fs.DirEntry, err error) error {
			if len(filepath.Base(path)) > len(tempPrefix) && filepath.Base(path)[:len(tempPrefix)] == tempPrefix {
				t.Errorf("%s is left", path)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		s.PutAnswer(a)
		if got, ok := f.open().Token(adaKey); !ok || !same(got, a.Token) {
			t.Errorf("%d bytes free: nothing is kept when there is room again", free)
		}
		f.open().PutAnswer(adaAnswer)
		f.warned("")
	}
}
