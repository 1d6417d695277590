//go:build unix

package store

import (
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// openNoFollow opens for reading; a symbolic link is an error, and a FIFO does
// not block.
func openNoFollow(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
}

// checkOwner wants this user's own, closed to all others. mode is the one to
// advise.
func checkOwner(path string, info fs.FileInfo, mode string) error {
	if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) != os.Geteuid() {
		return &accessError{path, "belongs to another user (uid " + strconv.Itoa(int(st.Uid)) + ")", "run authlatch as that user, or set AUTHLATCH_STORE_DIR to a directory of your own"}
	}
	if info.Mode().Perm()&0o077 != 0 {
		return &accessError{path, "is open to other users", "run: chmod " + mode + " " + path}
	}
	return nil
}

// mayCreate refuses to make a store in another user's directory, as under sudo
// with HOME kept.
func mayCreate(dir string) error {
	for parent := filepath.Dir(dir); ; parent = filepath.Dir(parent) {
		info, err := os.Stat(parent)
		if err != nil {
			if parent == filepath.Dir(parent) {
				return err
			}
			continue
		}
		if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid != 0 && int(st.Uid) != os.Geteuid() {
			return &accessError{parent, "belongs to another user (uid " + strconv.Itoa(int(st.Uid)) + ")", "set AUTHLATCH_STORE_DIR to a directory of your own"}
		}
		return nil
	}
}

// syncDir makes a rename in the directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
