package store

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// ReadToken is the warm path: it opens the key's one file, asks a provider for
// its key, notes a fresh token's last use if the one before is a minute ago, and
// does nothing else: no lock, no writing, no warning. What it cannot read is a
// miss; the host will say why.
func ReadToken(dir string, providers []KeyProvider, k TokenKey) (Token, bool) {
	if dir == "" {
		return Token{}, false
	}
	if err := checkDir(dir); err != nil {
		return Token{}, false
	}
	l := k.location()
	plain, last, err := readEntryTime(dir, l, func(h header) (Key, error) { return loadKey(providers, h, KeyProvider.Load) })
	if err != nil {
		return Token{}, false
	}
	t, ok := decodeToken(plain)
	if ok {
		used(dir, l, t, last, time.Now())
	}
	return t, ok
}

// readEntry reads and decrypts one entry. Its errors are fs.ErrNotExist,
// errDamaged, errNewer, a provider's, *accessError, or the system's.
func readEntry(dir string, l location, keyOf func(header) (Key, error)) ([]byte, error) {
	b, _, err := readEntryTime(dir, l, keyOf)
	return b, err
}

// readEntryTime is readEntry, with the time of the file's last change. What cannot
// be read may have been replaced meanwhile, and its key forgotten: only what is
// still there is believed.
func readEntryTime(dir string, l location, keyOf func(header) (Key, error)) ([]byte, time.Time, error) {
	var before []byte
	var failed error
	for {
		b, modified, err := readFileTime(filepath.Join(dir, l.path))
		if err != nil {
			return nil, modified, err
		}
		if failed != nil && bytes.Equal(b, before) {
			return nil, modified, failed
		}
		plain, err := open(b, l, keyOf)
		if err == nil || errors.Is(err, errNewer) {
			return plain, modified, err
		}
		before, failed = b, err
	}
}

func open(b []byte, l location, keyOf func(header) (Key, error)) ([]byte, error) {
	h, err := parseHeader(b)
	if err != nil {
		return nil, err
	}
	key, err := keyOf(h)
	if err != nil {
		return nil, err
	}
	return unseal(key, l.kind, l.id, b)
}

// loadKey asks the provider that the header names, or all if it names none.
func loadKey(providers []KeyProvider, h header, load func(KeyProvider, KeyID) (Key, error)) (Key, error) {
	err := ErrUnavailable
	for _, p := range providers {
		if n := numberOf(p.Name()); h.provider != 0 && n != h.provider {
			continue
		}
		key, e := load(p, h.keyID)
		if e == nil && key.ID() == h.keyID {
			return key, nil
		}
		switch {
		case errors.Is(e, ErrNoKey):
			err = ErrNoKey
		case e != nil && h.provider != 0 && errors.Is(e, ErrUnavailable):
			err = e // it says why
		}
	}
	return Key{}, err
}

// checkDir refuses a store that is not a directory of this user alone. Below it
// nobody else gets, whatever the modes there are.
func checkDir(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return &accessError{dir, "is not a directory", "move it away"}
	}
	return checkOwner(dir, owner(info), info.Mode(), "700")
}

// checkFile is the same for a file.
func checkFile(path string, uid int, mode fs.FileMode, size int64) error {
	if !mode.IsRegular() {
		return &accessError{path, "is not a regular file", "remove it"}
	}
	if err := checkOwner(path, uid, mode, "600"); err != nil {
		return err
	}
	if size > maxEntry {
		return errDamaged
	}
	return nil
}

// accessError is a file or directory that this user must not or cannot trust.
type accessError struct{ path, problem, next string }

func (e *accessError) Error() string { return e.path + " " + e.problem + "; " + e.next }

// Unwrap makes it a permission error.
func (e *accessError) Unwrap() error { return fs.ErrPermission }

func isGone(err error) bool { return errors.Is(err, fs.ErrNotExist) }
