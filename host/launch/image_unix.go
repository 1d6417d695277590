//go:build unix

package launch

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// onlyRootWrites says that nobody but root could change or replace the file at
// path, which has no links in it.
func onlyRootWrites(path string) bool {
	for {
		info, err := os.Lstat(path)
		if err != nil || info.Mode()&fs.ModeSymlink != 0 || info.Mode().Perm()&0o022 != 0 {
			return false
		}
		if st, ok := info.Sys().(*syscall.Stat_t); !ok || st.Uid != 0 {
			return false
		}
		parent := filepath.Dir(path)
		if parent == path {
			return true
		}
		path = parent
	}
}

func holdForks()    { syscall.ForkLock.RLock() }
func releaseForks() { syscall.ForkLock.RUnlock() }
