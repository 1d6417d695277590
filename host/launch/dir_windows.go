package launch

import (
	"os"
	"path/filepath"
)

// privateDir is a directory for one launch's temporary files. A user's
// temporary directory is private on Windows already, and the transport needs no
// socket in it.
type privateDir struct{ path string }

func newPrivateDir(base string) (*privateDir, error) {
	if base == "" {
		base = os.TempDir()
	}
	base, err := filepath.Abs(base)
	if err != nil {
		return nil, err
	}
	path, err := os.MkdirTemp(base, "authlatch-")
	if err != nil {
		return nil, err
	}
	return &privateDir{path}, nil
}

func (d *privateDir) remove() { _ = os.RemoveAll(d.path) }
