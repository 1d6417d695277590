package launch

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/authlatch/authlatch/internal/content"
)

// Nobody can change what was verified, whoever has the descriptor.
func TestSealed(t *testing.T) {
	src, _, err := content.Open(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = src.Close() }()
	f, _, err := sealed(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	got, err := unix.FcntlInt(f.Fd(), unix.F_GET_SEALS, 0)
	if err != nil || got&seals != seals {
		t.Errorf("seals %#x, %v, want %#x", got, err, seals)
	}
	if _, err := f.WriteAt([]byte("x"), 0); err == nil {
		t.Error("it can be written")
	}
	if err := f.Truncate(1); err == nil {
		t.Error("it can be cut")
	}
}

// A child that is started puts its own descriptors right above those it is
// given: the memfd must not be there.
func TestExecutableIsOutOfTheWay(t *testing.T) {
	src, _, err := content.Open(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = src.Close() }()
	i := &image{}
	if i.fd, _, err = sealed(t.Context(), src); err != nil {
		t.Fatal(err)
	}
	defer i.close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = null.Close() }()
	path, err := i.executable(null)
	if err != nil || !strings.HasPrefix(path, "/proc/self/fd/") {
		t.Fatalf("got %s, %v", path, err)
	}
	if i.fd.Fd() < null.Fd()+16 {
		t.Errorf("descriptor %d is too near to %d", i.fd.Fd(), null.Fd())
	}
	if flags, err := unix.FcntlInt(i.fd.Fd(), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("it is inherited: %#x, %v", flags, err)
	}
}
