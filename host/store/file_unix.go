//go:build unix

package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// noWait is for opening what may be a FIFO: it must not wait for another end.
const noWait = syscall.O_NONBLOCK

// readFile reads a small regular file that is this user's alone. It makes the
// system calls itself, because os.Open sets up the poller, which a warm call
// has no other use for. A symbolic link is an error, and a FIFO does not block.
func readFile(path string) ([]byte, error) {
	b, _, err := readFileTime(path)
	return b, err
}

// readFileTime is readFile, with the time of the last change.
func readFileTime(path string) ([]byte, time.Time, error) {
	var modified time.Time
	fail := func(op string, err error) ([]byte, time.Time, error) {
		return nil, modified, &fs.PathError{Op: op, Path: path, Err: err}
	}
	fd, err := again(func() (int, error) {
		return syscall.Open(path, syscall.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	})
	if err != nil {
		return fail("open", err)
	}
	defer func() { _ = syscall.Close(fd) }() // it was only read
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return fail("stat", err)
	}
	mode := fs.FileMode(st.Mode) & fs.ModePerm
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		mode |= fs.ModeIrregular
	}
	if err := checkFile(path, int(st.Uid), mode, st.Size); err != nil {
		return nil, modified, err
	}
	modified = time.Unix(st.Mtim.Unix())
	b := make([]byte, st.Size)
	for done := 0; done < len(b); {
		n, err := again(func() (int, error) { return syscall.Read(fd, b[done:]) })
		if err != nil {
			return fail("read", err)
		}
		if n == 0 {
			return nil, modified, errDamaged // it has become shorter: we never write in place
		}
		done += n
	}
	return b, modified, nil
}

func again(call func() (int, error)) (int, error) {
	for {
		if n, err := call(); !errors.Is(err, syscall.EINTR) {
			return n, err
		}
	}
}

func owner(info fs.FileInfo) int {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(st.Uid)
	}
	return -1
}

// checkOwner wants this user's own, closed to all others. chmod is the mode to
// advise.
func checkOwner(path string, uid int, mode fs.FileMode, chmod string) error {
	if uid != os.Geteuid() {
		return &accessError{path, "belongs to another user (uid " + strconv.Itoa(uid) + ")", "run authlatch as that user, or set AUTHLATCH_STORE_DIR to a directory of your own"}
	}
	if mode.Perm()&0o077 != 0 {
		return &accessError{path, "is open to other users", "run: chmod " + chmod + " " + path}
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
		if uid := owner(info); uid != 0 && uid != os.Geteuid() {
			return &accessError{parent, "belongs to another user (uid " + strconv.Itoa(uid) + ")", "set AUTHLATCH_STORE_DIR to a directory of your own"}
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
