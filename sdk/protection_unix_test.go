//go:build unix

package sdk_test

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

func coreLimit() uint64 {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &limit); err != nil {
		return 1
	}
	return limit.Max
}

// inherited lists the descriptors that this process was started with.
func inherited() string {
	entries, err := os.ReadDir("/dev/fd")
	if err != nil {
		return err.Error()
	}
	var fds []string
	for _, e := range entries {
		fd, err := strconv.Atoi(e.Name())
		if err != nil || fd <= 2 {
			continue
		}
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			fds = append(fds, e.Name())
		}
	}
	if fds == nil {
		return "none"
	}
	return strings.Join(fds, " ")
}
