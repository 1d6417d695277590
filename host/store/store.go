package store

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Options of Open.
type Options struct {
	// Dir is the store's directory, made if need be; "" keeps all in memory.
	Dir string
	// Keys are the providers to read with. The first that works is used to make a
	// new store; package keys makes the list from the user's choice.
	Keys []KeyProvider
	// Explicit says that the user chose Keys[0]: it is used to write even if the
	// store was made with another.
	Explicit bool
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Warn gets each warning once, as one line; nil drops them.
	Warn func(string)
}

// Store reads and writes entries. It is safe for concurrent use, also by
// several processes on one directory.
type Store struct {
	opt Options
	mu  sync.Mutex
}

// Open opens the store. It touches no file: what is wrong shows as warnings when
// entries are read or written, and the store goes on in memory.
func Open(opt Options) *Store { return &Store{opt: opt} }

var errTodo = errors.New("todo")

// Token finds a cached token, fresh or not.
func (s *Store) Token(k TokenKey) (Token, bool) { return Token{}, false }

// PutToken keeps a token, durably unless a warning says otherwise.
func (s *Store) PutToken(k TokenKey, t Token) {}

// DeleteToken drops a token, which was rejected.
func (s *Store) DeleteToken(k TokenKey) {}

// Binding finds the account that an identity is signed in to.
func (s *Store) Binding(i Identity) (Binding, bool) { return Binding{}, false }

// PutBinding keeps a binding under b.Identity.
func (s *Store) PutBinding(b Binding) {}

// State finds a flow's state for an account.
func (s *Store) State(k StateKey) ([]byte, bool) { return nil, false }

// PutState keeps a flow's state. It must be called before the token that came
// with it leaves the process.
func (s *Store) PutState(k StateKey, state []byte) {}

// DeleteState drops a flow's state, such as one whose refresh token is revoked.
func (s *Store) DeleteState(k StateKey) {}

// Accounts lists the bindings, sorted by authority, username, profile.
func (s *Store) Accounts() []Binding { return nil }

// Remove signs an identity out: its binding, tokens, and the flow's state
// unless another identity is signed in to the same account by the same flow.
func (s *Store) Remove(i Identity) error { return errTodo }

// RemoveAll removes every entry that this store wrote, and its keys.
func (s *Store) RemoveAll() error { return errTodo }

// Lock takes the cross-process lock of that name, waiting until ctx ends. It is
// no barrier within one Store: callers have their own. If locks cannot be had
// here (read-only or missing directory) it locks this process only.
func (s *Store) Lock(ctx context.Context, name string) (unlock func(), err error) {
	return func() {}, errTodo
}

// ReadToken is the warm path: it opens the key's one file and nothing else,
// takes no lock, writes nothing and warns of nothing.
func ReadToken(dir string, providers []KeyProvider, k TokenKey) (Token, bool) {
	return Token{}, false
}
