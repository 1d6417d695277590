package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

func (l location) aside() string { return filepath.Join(damagedDir, l.id.String()) }

// moveAside keeps what is damaged for whoever wants to look, the last one of
// each name. Another process may just have replaced it by a good entry: what was
// moved is looked at again, and if it is good it is put back and its content
// returned. s.mu is held.
func (s *Store) moveAside(l location) (plain []byte, good bool) {
	defer s.sharing()() // or a rekey would not see it
	from, to := filepath.Join(s.opt.Dir, l.path), filepath.Join(s.opt.Dir, l.aside())
	err := os.MkdirAll(filepath.Dir(to), 0o700)
	if err == nil {
		err = os.Rename(from, to)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false // another process was faster, and says so
	}
	if err == nil {
		moved := location{l.kind, l.id, l.aside()}
		if plain, err := readEntry(s.opt.Dir, moved, s.key); !errors.Is(err, errDamaged) {
			s.putBack(from, to)
			return plain, err == nil
		}
	}
	where := "was moved to " + filepath.Dir(to)
	if err != nil {
		where = "could not be moved aside: " + err.Error()
	}
	s.warn("damaged", "a damaged entry of the store "+where+"; the next sign-in replaces it")
	return nil, false
}

// putBack moves a good entry back unless there is a newer one by now: a link
// never replaces. Where there are no links the newest may lose to the last but
// one, which costs a renewal.
func (s *Store) putBack(from, to string) {
	if err := os.Link(to, from); err == nil || errors.Is(err, fs.ErrExist) {
		_ = os.Remove(to) // it is where it belongs
		return
	}
	if err := os.Rename(to, from); err != nil {
		s.warn("damaged", "an entry of the store cannot be put back: "+err.Error())
	}
}
