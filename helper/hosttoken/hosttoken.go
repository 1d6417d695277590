// Package hosttoken gets the token that a host may have: it proves whose the host
// is, finds the profile, and asks the source. It is what the helpers share whose
// protocol names a URL and nothing else.
package hosttoken

import (
	"context"
	"errors"

	"github.com/authlatch/authlatch/helper/exchange"
	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/service"
	"github.com/authlatch/authlatch/host/store"
)

// Source gets settings and tokens; *source.Source is one.
type Source interface {
	// File reads the config; Resolve gives a profile's settings, "" the default's.
	File(path string) (*config.File, error)
	Resolve(f *config.File, profile string) (config.Settings, error)
	Token(ctx context.Context, s config.Settings, q exchange.Request) (store.Token, error)
}

// ErrNotOurs says that a URL cannot be proved to be of a service that gets tokens.
var ErrNotOurs = errors.New("it is no host of a service that gets tokens")

// Request says whose tokens are given, and how.
type Request struct {
	// Client is the helper: "bazel".
	Client string
	// Interaction is "auto" or "never".
	Interaction string
	// Of are the services whose hosts get tokens.
	Of []service.Service
}

// Get gets the token for the host of a URL. Its error is ErrNotOurs, one of the
// config's or the source's, or a policy *config.Error.
func Get(ctx context.Context, src Source, url string, r Request) (store.Token, service.Match, error) {
	a, err := config.ParseAddress(url)
	if err != nil {
		return store.Token{}, service.Match{}, ErrNotOurs
	}
	f, err := src.File("")
	if err != nil {
		return store.Token{}, service.Match{}, err
	}
	m, ok := service.Find(f, a, r.Of...)
	if !ok {
		return store.Token{}, service.Match{}, ErrNotOurs
	}
	s, err := src.Resolve(f, m.Profile)
	if err != nil {
		return store.Token{}, m, err
	}
	if err := m.Check(s); err != nil {
		return store.Token{}, m, err
	}
	scopes, err := s.Scopes([]string{m.Scope}, "")
	if err != nil {
		return store.Token{}, m, err
	}
	t, err := src.Token(ctx, s, exchange.Request{Client: r.Client, Profile: m.Profile, Scopes: scopes, Interaction: r.Interaction})
	return t, m, err
}
