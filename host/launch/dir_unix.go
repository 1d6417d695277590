//go:build linux || darwin

package launch

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// maxSocketPath is the shortest sun_path of the systems served (macOS), without
// its final NUL.
const maxSocketPath = 103

// socketName is as long as what go-plugin's server puts after the directory.
const socketName = "/4294967295/plugin4294967295"

// privateDir is a directory of mode 0700 for one launch: the flow's socket and
// its temporary files. While the host lives it holds a lock on the directory;
// one without a lock belonged to a host that was killed, and is swept.
type privateDir struct {
	path string
	lock *os.File
}

// newPrivateDir makes a private directory below base, or below /tmp if a socket
// in base would have too long a path, and sweeps its dead siblings.
func newPrivateDir(base string) (*privateDir, error) {
	if base == "" {
		base = os.TempDir()
	}
	base, err := filepath.Abs(base)
	if err != nil {
		return nil, err
	}
	own := "authlatch-" + strconv.Itoa(os.Geteuid())
	if len(filepath.Join(base, own))+len(socketName) > maxSocketPath {
		base = "/tmp"
	}
	parent, pattern := filepath.Join(base, own), ""
	if err := ownDir(parent); err != nil {
		// Somebody else has taken the name; they must not keep us from working.
		parent, pattern = base, "authlatch-"
	}
	// A sweeper can take a directory between its making and its locking.
	for range 10 {
		d, err := lockNewDir(parent, pattern)
		if err != nil {
			return nil, err
		}
		if d != nil && parent != base {
			d.sweep()
		}
		if d != nil {
			return d, nil
		}
	}
	return nil, fmt.Errorf("cannot lock a new directory in %s", parent)
}

// ownDir makes path a directory that only we can use, and refuses one that
// somebody else made in a shared directory before us.
func ownDir(path string) error {
	if err := os.Mkdir(path, 0o700); err != nil && !os.IsExist(err) {
		return err
	}
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || !ok || int(st.Uid) != os.Geteuid() || info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%s is not a directory of ours alone", path)
	}
	return nil
}

// lockNewDir returns nil without an error if a sweeper was faster.
func lockNewDir(parent, pattern string) (*privateDir, error) {
	path, err := os.MkdirTemp(parent, pattern)
	if err != nil {
		return nil, err
	}
	lock, err := lockDir(path)
	if err != nil {
		_ = os.RemoveAll(path)
		return nil, nil
	}
	held, err := lock.Stat()
	if err == nil {
		if there, err := os.Lstat(path); err == nil && os.SameFile(held, there) {
			return &privateDir{path, lock}, nil
		}
	}
	_ = lock.Close()
	return nil, nil
}

func lockDir(path string) (*os.File, error) {
	f, err := os.OpenFile(path, unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// sweep removes the siblings that no living host has locked. It is tidiness:
// what cannot be removed, or not within removeTimeout, stays.
func (d *privateDir) sweep() {
	deadline := time.Now().Add(removeTimeout)
	parent, own := filepath.Split(d.path)
	siblings, _ := os.ReadDir(parent)
	for _, s := range siblings {
		if s.Name() == own || !s.IsDir() {
			continue
		}
		path := filepath.Join(parent, s.Name())
		if lock, err := lockDir(path); err == nil {
			removeTree(path, deadline)
			_ = lock.Close()
		}
	}
}

// remove takes removeTimeout at most. What is left then is swept later.
func (d *privateDir) remove() {
	removeTree(d.path, time.Now().Add(removeTimeout))
	_ = d.lock.Close()
}
