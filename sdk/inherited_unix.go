//go:build unix

package sdk

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// closeInherited closes what the host's own parent left open by accident and the
// host passed on: a launcher cannot keep it back, because which of a process's
// descriptors its children get is for its main to say, not for a library. What
// this process has opened itself is close-on-exec, as everything that Go opens,
// and what was inherited cannot be.
func closeInherited() {
	entries, _ := os.ReadDir("/dev/fd") // what was read before an error counts
	for _, e := range entries {
		fd, err := strconv.Atoi(e.Name())
		if err != nil || fd <= 2 {
			continue
		}
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			_ = unix.Close(fd)
		}
	}
}
