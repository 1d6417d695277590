package secretservice

import (
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/authlatch/authlatch/host/store"
)

// Whoever has another user's bus in the environment (sudo keeps it) does not give
// that user a key to keep.
func TestABusOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can be another user")
	}
	name := fmt.Sprintf("authlatch-test-%d", os.Getpid())
	listener := listenAs(t, 65534, "@"+name)
	t.Cleanup(func() { listener.Close() })
	err := on("unix:abstract=" + name).Check()
	if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "another user's") {
		t.Errorf("%v", err)
	}
}

// listenAs listens as another user: the kernel notes who called listen.
func listenAs(t *testing.T, uid int, address string) net.Listener {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const same = -1
	become := func(uid int) {
		keep := same
		if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, uintptr(keep), uintptr(uid), uintptr(keep)); errno != 0 {
			t.Fatal(errno) // of this thread only
		}
	}
	become(uid)
	listener, err := net.Listen("unix", address)
	become(0)
	if err != nil {
		t.Fatal(err)
	}
	return listener
}
