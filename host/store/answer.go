package store

// Answer is what is to be kept of one answer of a flow.
type Answer struct {
	Binding Binding
	// Bind says that the identity is now signed in so; else its binding stays as it
	// is.
	Bind bool
	// State is the flow's new one; none leaves the one that there is.
	State []byte
	Key   TokenKey
	Token Token
}

// PutAnswer keeps a state, a binding and a token, all durably when it returns,
// unless a warning says otherwise. They come into their places in that order:
// the refresh token must be there before anything depends on it.
func (s *Store) PutAnswer(a Answer) {
	var all []payload
	if len(a.State) > 0 {
		all = append(all, payload{a.Binding.StateKey().location(), a.State})
	}
	if a.Bind {
		all = append(all, s.bindingPayload(a.Binding))
	}
	s.put(append(all, s.tokenPayload(a.Key, a.Token))...)
}

func (s *Store) bindingPayload(b Binding) payload {
	if b.SignedInOn.IsZero() {
		b.SignedInOn = s.opt.Now()
	}
	return payload{b.Identity.location(), encodeBinding(b)}
}

func (s *Store) tokenPayload(k TokenKey, t Token) payload {
	if t.ObtainedOn.IsZero() {
		t.ObtainedOn = s.opt.Now()
	}
	return payload{k.location(), encodeToken(t)}
}
