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

// PutBinding, PutState and DeleteToken write one thing at a time, where a host
// keeps whole answers.
func (s *Store) PutBinding(b Binding)              { s.put(s.bindingPayload(b)) }
func (s *Store) PutState(k StateKey, state []byte) { s.put(payload{k.location(), state}) }
func (s *Store) DeleteToken(k TokenKey)            { s.remove(k.location()) }
