package store

import (
	"os"
	"path/filepath"
)

// ReadPrivate reads a small file for a key provider, if it is this user's alone;
// its error says what to do otherwise.
func ReadPrivate(path string) ([]byte, error) { return readFile(path) }

// ReplacePrivate puts a file of mode 0600 in place for a key provider, durably and
// at once.
func ReplacePrivate(path string, data []byte) error { return writeFile(path, data) }

// CreatePrivate is ReplacePrivate where there is no file yet; fs.ErrExist if there
// is one.
func CreatePrivate(path string, data []byte) error {
	temp, err := writeTemp(file{path: path, data: data})
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp) }()
	if err := os.Link(temp, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}
