//go:build unix

package store

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// inOwnProcess runs body in a process of its own, because a limit of files' size
// would also hit what the testing package writes in this one.
func inOwnProcess(t *testing.T, body func(*testing.T)) {
	t.Helper()
	if err := inProcess(t, body, nil); err != nil {
		t.Fatal(err)
	}
}

// inProcess is inOwnProcess with attributes; it returns the error of starting it.
func inProcess(t *testing.T, body func(*testing.T), attr *syscall.SysProcAttr) error {
	t.Helper()
	const child = "STORE_TEST_CHILD"
	if os.Getenv(child) == t.Name() {
		body(t)
		return nil
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), child+"="+t.Name())
	cmd.SysProcAttr = attr
	out, err := cmd.CombinedOutput()
	if cmd.Process == nil {
		return err
	}
	if err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name())) {
		t.Fatalf("%v\n%s", err, out)
	}
	return nil
}

// limitFiles makes every write beyond size fail, as a full disk does, in the
// middle of a file. The call that it returns lifts the limit.
func limitFiles(t *testing.T, size uint64) (lift func()) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	limited := before
	limited.Cur = size
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limited); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAFullDiskLosesNothing(t *testing.T) { inOwnProcess(t, fullDiskLosesNothing) }

func fullDiskLosesNothing(t *testing.T) {
	f := newFixture(t)
	s := f.open()
	s.PutBinding(adaBinding)
	s.PutState(adaBinding.StateKey(), []byte("before"))
	big := bytes.Repeat([]byte("x"), 64<<10)
	tok := tokenOf(string(big))

	lift := limitFiles(t, 4<<10)
	s.PutState(adaBinding.StateKey(), big)
	s.PutToken(adaKey, tok)
	lift()

	f.warned("the store cannot be used")
	if got, ok := s.State(adaBinding.StateKey()); !ok || !bytes.Equal(got, big) {
		t.Error("the new state is lost")
	}
	if got, ok := s.Token(adaKey); !ok || !same(got, tok) {
		t.Error("the token is lost")
	}
	if got, ok := f.open().State(adaBinding.StateKey()); !ok || string(got) != "before" {
		t.Errorf("the old state is spoilt: %q", got)
	}
	err := filepath.WalkDir(f.dir, func(path string, _ fs.DirEntry, err error) error {
		if strings.HasPrefix(filepath.Base(path), tempPrefix) {
			t.Errorf("%s is left", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	s.PutState(adaBinding.StateKey(), big) // there is room again
	if got, ok := f.open().State(adaBinding.StateKey()); !ok || !bytes.Equal(got, big) {
		t.Error("nothing is kept when there is room again")
	}
}

// The very first write, of the record of the key, fails.
func TestADiskThatIsFullFromTheBeginning(t *testing.T) { inOwnProcess(t, fullFromTheBeginning) }

func fullFromTheBeginning(t *testing.T) {
	f := newFixture(t)
	s := f.open()
	lift := limitFiles(t, 0)
	s.PutToken(adaKey, adaTok)
	lift()
	if got, ok := s.Token(adaKey); !ok || !same(got, adaTok) {
		t.Error("the token is lost")
	}
	if left, _ := filepath.Glob(filepath.Join(f.dir, tempPrefix+"*")); len(left) != 0 {
		t.Errorf("%v is left", left)
	}
	s.PutToken(adaKey, adaTok) // there is room again
	if _, ok := f.open().Token(adaKey); !ok {
		t.Error("nothing is kept when there is room again")
	}
	if kept := f.keys[0].(*fakeKeys).kept; len(kept) != 1 {
		t.Errorf("%d keys for one store", len(kept))
	}
}
