package store

import (
	"os"
	"path/filepath"
)

// Writable says whether entries could be kept here, before anything is done for
// one: nil, or why not. It makes the directory. That the key cannot be kept is
// known only when there is something to keep.
func (s *Store) Writable() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.usable(); err != nil {
		return err
	}
	temp, err := writeTemp(file{path: filepath.Join(s.opt.Dir, recordName)})
	if err != nil {
		return err
	}
	return os.Remove(temp)
}
