package store

import (
	"errors"
	"io/fs"
	"path/filepath"
	"time"
)

// remembered is an entry that could not be written, with what lay on disk when
// it was made: memory is only as good as long as nobody else has written since.
type remembered struct {
	payload []byte
	at      time.Time
	used    time.Time // last, for a token
	own     seen      // the entry on disk
	binding seen      // the identity's binding on disk, for a token
}

// seen is what was on disk: the beginning of a file, which no two writes share
// because of its salt.
type seen struct {
	known bool // it could be looked at
	begin string
	there bool
}

// remember keeps in memory what err kept from the disk. s.mu is held.
func (s *Store) remember(l location, payload []byte, err error) {
	now := s.opt.Now()
	m := remembered{payload: payload, at: now, used: now, own: s.look(l.path)}
	if l.kind == kindToken {
		m.binding = s.look(bindingBeside(l.path))
	}
	s.memory[l.path], s.unkept = m, err
}

// recall finds what is remembered, unless the disk knows better: an entry
// written since, or removed (a sign-out elsewhere), or a binding written or
// removed since, whose tokens are others. s.mu is held.
func (s *Store) recall(l location) ([]byte, bool) {
	m, ok := s.memory[l.path]
	if !ok {
		return nil, false
	}
	if s.opt.Dir != "" && (s.superseded(l, m) || l.kind == kindToken && changed(m.binding, s.look(bindingBeside(l.path)))) {
		delete(s.memory, l.path)
		return nil, false
	}
	return m.payload, true
}

func (s *Store) superseded(l location, m remembered) bool {
	now := s.look(l.path)
	switch {
	case m.own.known && !changed(m.own, now), !now.known:
		return false
	case !now.there:
		return m.own.known // it was there
	}
	// What cannot be read here is no better than memory.
	plain, modified, err := readEntryTime(s.opt.Dir, l, s.key)
	if err != nil {
		return false
	}
	if m.own.known {
		return true
	}
	// The disk could not be looked at then: only the clock tells. The time of a
	// token's file is that of its last use.
	if t, ok := decodeToken(plain); l.kind == kindToken && ok {
		modified = t.ObtainedOn
	}
	return modified.After(m.at)
}

func changed(then, now seen) bool { return then.known && now.known && then != now }

// boundBefore and boundByUs are called around the writing of a binding by this
// Store itself: the tokens remembered under the one before stay good, unless it
// was somebody else's. s.mu is held.
func (s *Store) boundBefore(l location) seen {
	if l.kind != kindBinding || len(s.memory) == 0 || s.opt.Dir == "" {
		return seen{}
	}
	return s.look(l.path)
}

func (s *Store) boundByUs(l location, before seen) {
	if l.kind != kindBinding || len(s.memory) == 0 {
		return
	}
	now := s.look(l.path)
	for path, m := range s.memory {
		if bindingBeside(path) == l.path && !changed(m.binding, before) {
			m.binding = now
			s.memory[path] = m
		}
	}
}

func (s *Store) look(path string) seen {
	// A store that is not there is not mounted, or was never made: that says
	// nothing of its entries.
	if checkDir(s.opt.Dir) != nil {
		return seen{}
	}
	b, err := readFile(filepath.Join(s.opt.Dir, path))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return seen{known: true}
	case err != nil:
		return seen{}
	}
	return seen{known: true, there: true, begin: string(b[:min(len(b), headerSize)])}
}

func bindingBeside(path string) string { return filepath.Join(filepath.Dir(path), bindingName) }
