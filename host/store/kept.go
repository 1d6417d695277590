package store

// Kept says whether an identity's binding outlives this process: nil, or why it
// does not.
func (s *Store) Kept(i Identity) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, inMemory := s.memory[i.location().path]; inMemory {
		return s.unkept
	}
	return nil
}
