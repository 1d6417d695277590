//go:build linux || darwin

package launch

import (
	"errors"
	"io"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// removeTimeout bounds how long a launch is held up by what a flow has left in its
// directory, and by what flows before it have left: some ten thousand files. The
// next launches go on with the rest.
const removeTimeout = 250 * time.Millisecond

// removeTree removes a directory and what is in it, until the deadline, however
// many and however deep: a directory that is not empty gives what it holds to the
// top first, so that no more than two are open at a time. It reports whether all
// is gone.
func removeTree(path string, deadline time.Time) bool {
	top, err := openDir(unix.AT_FDCWD, path)
	if err != nil {
		return errors.Is(err, unix.ENOENT)
	}
	defer top.Close()
	t := tree{top: int(top.Fd()), deadline: deadline}
	for before := -1; t.empty(top, t.removeOrFlatten) && t.done > before; {
		before = t.done
		if _, err := top.Seek(0, io.SeekStart); err != nil {
			break
		}
	}
	return os.Remove(path) == nil
}

type tree struct {
	top      int
	deadline time.Time
	moved    int // directories to the top
	done     int // what was removed or moved; a round without any is the last
}

// empty calls do for each entry of a directory, and reports whether there were any
// and there is time for more.
func (t *tree) empty(dir *os.File, do func(dir int, name string)) (again bool) {
	const batch = 256
	for {
		names, err := dir.Readdirnames(batch)
		for _, name := range names {
			if !time.Now().Before(t.deadline) {
				return false
			}
			do(int(dir.Fd()), name)
			again = true
		}
		if err != nil {
			return again
		}
	}
}

// remove removes a file or an empty directory.
func (t *tree) remove(dir int, name string) bool {
	if unix.Unlinkat(dir, name, 0) != nil && unix.Unlinkat(dir, name, unix.AT_REMOVEDIR) != nil {
		return false
	}
	t.done++
	return true
}

// removeOrFlatten removes an entry of the top, or moves what it holds there.
func (t *tree) removeOrFlatten(_ int, name string) {
	if t.remove(t.top, name) {
		return
	}
	dir, err := openDir(t.top, name)
	if err != nil {
		return
	}
	t.empty(dir, t.removeOrMove)
	_ = dir.Close()
	t.remove(t.top, name)
}

func (t *tree) removeOrMove(dir int, name string) {
	if t.remove(dir, name) {
		return
	}
	openUp(dir, name) // to move a directory is to write its ".."
	for range 100 {   // the flow may have taken names like these
		t.moved++
		err := unix.Renameat(dir, name, t.top, "moved-"+strconv.Itoa(t.moved))
		if err == nil {
			t.done++
		}
		if !errors.Is(err, unix.EEXIST) && !errors.Is(err, unix.ENOTEMPTY) && !errors.Is(err, unix.ENOTDIR) {
			return
		}
	}
}

// openDir opens a directory, also one whose mode forbids it, and follows no link.
func openDir(at int, path string) (*os.File, error) {
	const flags = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC
	fd, err := unix.Openat(at, path, flags, 0)
	if errors.Is(err, unix.EACCES) {
		openUp(at, path)
		fd, err = unix.Openat(at, path, flags, 0)
	}
	if err != nil {
		return nil, err
	}
	_ = unix.Fchmod(fd, 0o700) // or nothing in it can be removed
	return os.NewFile(uintptr(fd), path), nil
}

// openUp lets a directory be opened and written, and nothing else: chmod follows
// links, and the flow that has left one is not running any more.
func openUp(at int, path string) {
	var st unix.Stat_t
	if unix.Fstatat(at, path, &st, unix.AT_SYMLINK_NOFOLLOW) == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR {
		_ = unix.Fchmodat(at, path, 0o700, 0)
	}
}
