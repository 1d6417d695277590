package store

import (
	"os"
	"path/filepath"
)

// RemoveTokens drops the cached tokens of an identity, whether its binding can be
// read or not: they are the tokens of an account that it is no longer signed in
// to. Tokens under a key that is not available here stay; nobody gets them here.
func (s *Store) RemoveTokens(i Identity) {
	for _, l := range s.tokensOf(i.id()) {
		if _, ok := s.get(l); ok {
			s.remove(l)
		}
	}
}

// tokensOf lists where an identity's tokens are, in memory and on disk.
func (s *Store) tokensOf(about id) []location {
	s.mu.Lock()
	defer s.mu.Unlock()
	dir := filepath.Join(accountsDir, about.String())
	names := map[string]bool{}
	for path := range s.memory {
		if filepath.Dir(path) == dir {
			names[filepath.Base(path)] = true
		}
	}
	if s.opt.Dir != "" {
		entries, _ := os.ReadDir(filepath.Join(s.opt.Dir, dir)) // none if it is not there
		for _, e := range entries {
			names[e.Name()] = true
		}
	}
	var all []location
	for name := range names {
		if token, ok := parseID(name); ok {
			all = append(all, location{kindToken, token, filepath.Join(dir, name)})
		}
	}
	return all
}
