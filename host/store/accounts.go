package store

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// tempAge is when a temporary file has surely been left by a crash.
const tempAge = time.Hour

// Accounts lists who is signed in, sorted by authority, tenant, client id,
// username, profile and config file.
func (s *Store) Accounts() []Binding {
	found := map[id]Binding{}
	for _, about := range s.identities() {
		if b, ok := s.get(bindingAt(about)); ok {
			if b, ok := decodeBinding(b); ok {
				found[about] = b
			}
		}
	}
	list := make([]Binding, 0, len(found))
	for _, b := range found {
		list = append(list, b)
	}
	slices.SortFunc(list, func(a, b Binding) int {
		x, y := a.Identity, b.Identity
		return cmp.Or(strings.Compare(x.Authority, y.Authority), strings.Compare(x.Tenant, y.Tenant),
			strings.Compare(x.ClientID, y.ClientID), strings.Compare(x.Username, y.Username), strings.Compare(x.Profile, y.Profile),
			strings.Compare(x.Config, y.Config))
	})
	return list
}

func (s *Store) removeTree(name string) error {
	if s.opt.Dir == "" {
		return nil
	}
	if err := checkDir(s.opt.Dir); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	return os.RemoveAll(filepath.Join(s.opt.Dir, name))
}

// identities lists whose directories there are, in memory and on disk.
func (s *Store) identities() []id {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []id
	add := func(name string) {
		if about, ok := parseID(name); ok && !slices.Contains(all, about) {
			all = append(all, about)
		}
	}
	for path := range s.memory {
		if dir, name := filepath.Split(path); name == bindingName {
			add(filepath.Base(dir))
		}
	}
	if s.opt.Dir == "" || checkDir(s.opt.Dir) != nil {
		return all
	}
	entries, _ := os.ReadDir(filepath.Join(s.opt.Dir, accountsDir))
	for _, e := range entries {
		add(e.Name())
		s.sweep(filepath.Join(s.opt.Dir, accountsDir, e.Name()))
	}
	s.sweep(filepath.Join(s.opt.Dir, stateDir))
	s.sweep(filepath.Join(s.opt.Dir, attemptsDir))
	s.sweep(s.opt.Dir)
	return all
}

// sweep removes the temporary files of writers that were killed.
func (s *Store) sweep(dir string) {
	if s.opt.Look {
		return
	}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if info, err := e.Info(); err == nil && strings.HasPrefix(e.Name(), tempPrefix) && s.opt.Now().Sub(info.ModTime()) > tempAge {
			_ = os.Remove(filepath.Join(dir, e.Name())) // the next one tries again
		}
	}
}

func bindingAt(about id) location {
	return location{kindBinding, about, filepath.Join(accountsDir, about.String(), bindingName)}
}
