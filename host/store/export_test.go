package store

import "os"

// InOrder makes the Store write one file after the other.
func (s *Store) InOrder() { s.each = inOrder }

// Scale is how much of a proof a test gives, unless STORE_TEST_FULL asks for all
// of it.
func Scale(some, all int) int {
	if os.Getenv("STORE_TEST_FULL") != "" {
		return all
	}
	return some
}
