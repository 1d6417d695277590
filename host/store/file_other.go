//go:build !unix

package store

import (
	"io"
	"io/fs"
	"os"
	"time"
)

// noWait: there are no files that wait here.
const noWait = 0

// readFile reads a small regular file.
func readFile(path string) ([]byte, error) {
	b, _, err := readFileTime(path)
	return b, err
}

// readFileTime is readFile, with the time of the last change.
func readFileTime(path string) (_ []byte, modified time.Time, _ error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, modified, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, modified, err
	}
	if err := checkFile(path, owner(info), info.Mode(), info.Size()); err != nil {
		return nil, modified, err
	}
	b := make([]byte, info.Size())
	if _, err := io.ReadFull(f, b); err != nil {
		return nil, modified, errDamaged // it has become shorter: we never write in place
	}
	return b, info.ModTime(), nil
}

func owner(fs.FileInfo) int { return -1 }

// checkOwner leaves it to the access control list that the user's profile
// directory hands down.
func checkOwner(string, int, fs.FileMode, string) error { return nil }

func mayCreate(string) error { return nil }

// syncDir: directories cannot be synced here; a rename is journalled.
func syncDir(string) error { return nil }
