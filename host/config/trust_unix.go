//go:build unix

package config

import (
	"os"
	"strconv"
	"syscall"
)

// trusted says what is wrong if others than the user and root can write f.
func trusted(f *os.File) (problem, next string) {
	info, err := f.Stat()
	if err != nil {
		return "cannot be read: " + reason(err), ""
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid != 0 && int(st.Uid) != os.Geteuid() {
		return "belongs to another user (uid " + strconv.Itoa(int(st.Uid)) + ")", "run: chown " + strconv.Itoa(os.Geteuid()) + " " + f.Name()
	}
	if info.Mode().Perm()&0o022 != 0 {
		return "can be written by other users", "run: chmod go-w " + f.Name()
	}
	return "", ""
}
