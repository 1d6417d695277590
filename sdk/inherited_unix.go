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
	for _, fd := range descriptors() {
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			_ = unix.Close(fd)
		}
	}
}

// mostInherited is how many descriptors are looked at where they are not listed:
// as many as a process can have by default.
const mostInherited = 1024

// descriptors are those above 2 that may be open.
func descriptors() []int {
	var fds []int
	entries, err := os.ReadDir("/dev/fd")
	for _, e := range entries { // what was read before an error counts
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd > 2 {
			fds = append(fds, fd)
		}
	}
	if err == nil {
		return fds
	}
	// The sandbox hides the list. One call asks for all; it takes no more than the
	// process may have open.
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return fds
	}
	asked := make([]unix.PollFd, min(mostInherited, limit.Cur))
	for i := range asked {
		asked[i].Fd = int32(i + 3)
	}
	if _, err := unix.Poll(asked, 0); err != nil {
		return fds
	}
	fds = fds[:0]
	for _, a := range asked {
		if a.Revents&unix.POLLNVAL == 0 {
			fds = append(fds, int(a.Fd))
		}
	}
	return fds
}
