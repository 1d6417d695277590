//go:build unix

package store

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// watched is an open file and when it was last changed: its name, mode or owner
// too.
type watched struct {
	fd      int
	changed unix.Timespec
}

func watch(path string) (watched, bool) {
	fd, err := again(func() (int, error) {
		return syscall.Open(path, syscall.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	})
	if err != nil {
		return watched{}, false
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Nlink == 0 {
		_ = syscall.Close(fd)
		return watched{}, false
	}
	return watched{fd, changeTime(&st)}, true
}

func (w watched) current() bool {
	var st unix.Stat_t
	return unix.Fstat(w.fd, &st) == nil && st.Nlink > 0 && changeTime(&st) == w.changed
}

func (w watched) close() { _ = syscall.Close(w.fd) }

func changeTime(st *unix.Stat_t) unix.Timespec { return st.Ctim }
