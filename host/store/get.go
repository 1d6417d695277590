package store

import (
	"errors"
	"io/fs"
	"time"
)

func (s *Store) get(l location) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, _, ok := s.find(l)
	return b, ok
}

// find finds an entry, and the time of its last change or use. s.mu is held.
func (s *Store) find(l location) ([]byte, time.Time, bool) {
	if b, ok := s.recall(l); ok {
		return b, s.memory[l.path].used, true
	}
	if s.opt.Dir == "" {
		return nil, time.Time{}, false
	}
	if err := checkDir(s.opt.Dir); err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			s.warnOf(err)
		}
		return nil, time.Time{}, false
	}
	b, modified, err := readEntryTime(s.opt.Dir, l, s.key)
	switch {
	case err == nil:
		return b, modified, true
	case errors.Is(err, errDamaged) && s.opt.Look:
	case errors.Is(err, errDamaged):
		b, good := s.moveAside(l)
		return b, s.opt.Now(), good
	case !errors.Is(err, fs.ErrNotExist):
		s.warnOf(err)
	}
	return nil, time.Time{}, false
}
