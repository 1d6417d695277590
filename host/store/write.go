package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// makeDir makes the store's directory if need be and checks it.
func makeDir(dir string) error {
	err := checkDir(dir)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := mayCreate(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return checkDir(dir)
}

// writeFile puts data at path, durably and at once: a reader, or a machine that
// loses power, sees what was there before or all of data.
func writeFile(path string, data []byte) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, tempPrefix) // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			_ = os.Remove(f.Name()) // or Accounts sweeps it
		}
	}()
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	// What follows cannot be undone: the new content is in place, and only not
	// known to be durable. One level up too, for a directory just made.
	return errors.Join(syncDir(dir), syncDir(filepath.Dir(dir)))
}
