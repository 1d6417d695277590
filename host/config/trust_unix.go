//go:build unix

package config

import (
	"os"
	"strconv"
	"syscall"
)

// open is os.Open without the poller, which a helper has no use for.
func open(name string) (*os.File, error) {
	for {
		fd, err := syscall.Open(name, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
		switch err {
		case nil:
			return os.NewFile(uintptr(fd), name), nil
		case syscall.EINTR:
		default:
			return nil, &os.PathError{Op: "open", Path: name, Err: err}
		}
	}
}

// trusted says what is wrong if others than the user and root can write f or, if
// it is secret, read it.
func trusted(f *os.File, secret bool) (problem, next string) {
	info, err := f.Stat()
	if err != nil {
		return "cannot be read: " + reason(err), ""
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid != 0 && int(st.Uid) != os.Geteuid() {
		return "belongs to another user (uid " + strconv.Itoa(int(st.Uid)) + ")", "use a file of your own"
	}
	if info.Mode().Perm()&0o022 != 0 {
		return "can be written by other users", "run: chmod go-w " + f.Name()
	}
	if secret && info.Mode().Perm()&0o044 != 0 {
		return "can be read by other users", "run: chmod go-r " + f.Name()
	}
	return "", ""
}
