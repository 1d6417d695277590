//go:build linux && (amd64 || arm64)

package sandbox

import (
	"os"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// The kernel takes a hand-over for done that a signal has interrupted, and the
// caller gets descriptor 0 for a socket. The Go runtime sends its threads such
// signals all the time.
func TestSignalsDoNotSpoilAHandOver(t *testing.T) {
	if !probe().broker {
		t.Skip("filters cannot refer calls to us here")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	stop, stopped, caller := make(chan struct{}), make(chan struct{}), make(chan int, 1)
	go func() {
		defer close(stopped)
		restricted := <-caller // it has to make progress
		for {
			select {
			case <-stop:
				return
			default:
			}
			tasks, err := os.ReadDir("/proc/self/task")
			if err != nil {
				t.Error(err)
				return
			}
			for _, task := range tasks {
				if tid, err := strconv.Atoi(task.Name()); err == nil && tid != restricted {
					_ = unix.Tgkill(unix.Getpid(), tid, unix.SIGURG) // what the runtime uses; one that has ended is none
				}
			}
		}
	}()
	wrong, tried := 0, 0
	onThread(func() {
		thread, _ := Enter(Policy{Program: self, Dir: t.TempDir()})
		defer thread.Close()
		caller <- unix.Gettid()
		for range 2_000 {
			// Not unix.Socket, during which the runtime cannot stop this thread, and so
			// not this process, which has to answer.
			n, _, errno := unix.Syscall(unix.SYS_SOCKET, unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
			if errno != 0 {
				continue // EINTR
			}
			tried++
			fd := int(n)
			if kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE); err != nil || kind != unix.SOCK_STREAM {
				wrong++
				continue
			}
			_ = unix.Close(fd)
		}
	})
	close(stop)
	<-stopped
	if wrong > 0 || tried == 0 {
		t.Errorf("%d of %d sockets are none", wrong, tried)
	}
}
