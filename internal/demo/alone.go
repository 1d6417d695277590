package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// alone returns a copy of a program in a directory that holds nothing else. The
// programs look for each other beside themselves, so this one finds none.
func (w *world) alone(name string) (path string, err error) {
	path = filepath.Join(w.aloneDir(name), executable(name))
	if _, err := os.Stat(path); err == nil {
		return path, nil // by an earlier step
	}
	if err := os.MkdirAll(w.aloneDir(name), 0o700); err != nil {
		return "", err
	}
	from, err := os.Open(w.program(name))
	if err != nil {
		return "", err
	}
	defer func() { _ = from.Close() }()
	to, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o700) // #nosec G302 -- a program
	if err != nil {
		return "", err
	}
	_, err = io.Copy(to, from)
	return path, errors.Join(err, to.Close())
}
