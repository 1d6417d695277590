package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// payload is what is to be kept at a location.
type payload struct {
	location
	plain []byte
}

// put writes, or keeps in memory with one warning, all of it in that order.
func (s *Store) put(all ...payload) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := make([]seen, len(all))
	for i, p := range all {
		before[i] = s.boundBefore(p.location)
	}
	errs := s.putFiles(all)
	defer s.changes.Add(1)
	for i, p := range all {
		s.forgetRenewal(p.location, errs[i] == nil)
		if errs[i] != nil {
			s.remember(p.location, p.plain, errs[i])
			s.warnOf(errs[i])
			continue
		}
		delete(s.memory, p.path)
		s.boundByUs(p.location, before[i])
	}
}

func (s *Store) putFiles(all []payload) []error {
	errs := make([]error, len(all))
	err := s.underKey(func(w writeKey) error {
		var files []file
		var of []int
		for i, p := range all {
			if errs[i] = s.replaceable(p.path); errs[i] == nil {
				data := seal(w.key, w.provider, p.kind, p.id, p.plain)
				files, of = append(files, file{path: filepath.Join(s.opt.Dir, p.path), data: data}), append(of, i)
			}
		}
		for n, err := range writeFiles(files, s.each) {
			errs[of[n]] = err
		}
		return nil
	})
	if err != nil {
		for i := range errs {
			errs[i] = err
		}
	}
	return errs
}

// replaceable says why what is at path must not be written over.
func (s *Store) replaceable(path string) error {
	old, err := readFile(filepath.Join(s.opt.Dir, path))
	if err == nil {
		if _, err := parseHeader(old); errors.Is(err, errNewer) {
			return err
		}
	} else if access := (*accessError)(nil); errors.As(err, &access) {
		return err
	}
	return nil
}

func (s *Store) remove(l location) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.memory, l.path)
	defer s.changes.Add(1)
	if s.opt.Dir == "" {
		return
	}
	defer s.sharing()()
	if err := s.removeFile(l.path); err != nil {
		s.warn("remove", "an entry cannot be removed from the store: "+err.Error())
	}
}

// removeFile removes an entry of this user's own store; what is gone is gone.
func (s *Store) removeFile(path string) error {
	err := checkDir(s.opt.Dir)
	if err == nil {
		err = os.Remove(filepath.Join(s.opt.Dir, path))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
