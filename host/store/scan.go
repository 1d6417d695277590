package store

import (
	"encoding/hex"
	"os"
	"path/filepath"
)

// parseID reads what id.String wrote.
func parseID(name string) (i id, ok bool) {
	b, err := hex.DecodeString(name)
	return i, err == nil && len(b) == len(i) && copy(i[:], b) > 0
}

// Holds says whether anything is kept on disk or in memory, whether it can be read
// or not.
func (s *Store) Holds() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.memory) > 0 || len(s.onDisk()) > 0 || len(s.names(damagedDir)) > 0
}

// onDisk lists where there are entries, those that cannot be read included.
func (s *Store) onDisk() []location {
	if s.opt.Dir == "" || checkDir(s.opt.Dir) != nil {
		return nil
	}
	var all []location
	for _, i := range s.names(accountsDir) {
		about, ok := parseID(i)
		if !ok {
			continue
		}
		for _, name := range s.names(filepath.Join(accountsDir, i)) {
			if name == bindingName {
				all = append(all, bindingAt(about))
			} else if token, ok := parseID(name); ok {
				all = append(all, location{kindToken, token, filepath.Join(accountsDir, i, name)})
			}
		}
	}
	for _, name := range s.names(stateDir) {
		if state, ok := parseID(name); ok {
			all = append(all, location{kindState, state, filepath.Join(stateDir, name)})
		}
	}
	return all
}

// names lists a directory of the store; none if it is not there.
func (s *Store) names(dir string) []string {
	entries, _ := os.ReadDir(filepath.Join(s.opt.Dir, dir))
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// header reads the header of the entry at l.
func (s *Store) header(l location) (header, error) {
	b, err := readFile(filepath.Join(s.opt.Dir, l.path))
	if err != nil {
		return header{}, err
	}
	return parseHeader(b)
}

// keysOfEntries lists under which keys there are entries, and with which
// provider's number each says that it is kept.
func (s *Store) keysOfEntries() map[KeyID]byte {
	all := map[KeyID]byte{}
	for _, l := range s.onDisk() {
		if h, err := s.header(l); h.keyID != (KeyID{}) && (err == nil || h.version > format) {
			all[h.keyID] = h.provider
		}
	}
	return all
}
