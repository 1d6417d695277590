//go:build unix

package store

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// FIFOs in the places of lock files and entries cost nobody a wait.
func TestFIFOsInTheStore(t *testing.T) {
	f := newFixture(t)
	f.open().PutAnswer(adaAnswer)
	var files []string
	err := filepath.WalkDir(f.dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && filepath.Base(path) != recordName {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(files, lockPath(f.dir, "x"), lockPath(f.dir, ada.LockName())) {
		_ = os.Remove(path)
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := f.open()
	for _, name := range []string{"x", ada.LockName()} {
		unlock, err := s.Lock(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		s.Locks()
		unlock()
	}
	s.Token(adaKey)
	s.Status()
	s.Attempts(ada)
	ClaimRenewal(f.dir, adaKey, f.now)
	s.Reject(adaKey, "x")
	if err := s.RemoveAll(); err != nil {
		t.Error(err)
	}
}
