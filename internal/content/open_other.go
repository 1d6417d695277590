//go:build !unix

package content

import (
	"io/fs"
	"os"
)

func open(path string) (*os.File, error) {
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return nil, ErrLink
	}
	return os.Open(path)
}
