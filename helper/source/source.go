// Package source is where a helper gets its tokens: from the store if it holds
// one with enough life left, else from the authlatch beside the helper. A token
// that is to be renewed ahead of its expiry is handed out at once, and one of all
// who ask starts the renewal. It links nothing that a warm call does not need;
// whatever needs the network, a flow or a person is the other process's business.
package source

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/authlatch/authlatch/helper/exchange"
	"github.com/authlatch/authlatch/helper/renewal"
	"github.com/authlatch/authlatch/helper/report"
	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/store"
	"github.com/authlatch/authlatch/host/store/keys"
)

// Source gets tokens. Its fields are set before the first call.
type Source struct {
	// Env looks up the variables that are settings.
	Env config.Env
	// Environ is the whole environment, for authlatch: as os.Environ gives it.
	Environ []string
	// Stderr gets what authlatch says.
	Stderr io.Writer
	// Executable is os.Executable: authlatch is beside it.
	Executable func() (string, error)
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// OnMiss, if set, wraps the context while authlatch runs, to hear signals: a
	// warm call has no need of that.
	OnMiss func(context.Context) (context.Context, context.CancelFunc)
}

// File reads the config at path; "" is the usual one.
func (s *Source) File(path string) (*config.File, error) { return config.Load(path, s.Env) }

// Resolve gives the settings of a profile of the config; "" is the default one.
func (s *Source) Resolve(f *config.File, profile string) (config.Settings, error) {
	return config.Resolve(f, config.Flags{Profile: profile}, s.Env)
}

// Settings reads the config and resolves a profile; path and profile are the
// flags', and may be "".
func (s *Source) Settings(path, profile string) (config.Settings, error) {
	f, err := s.File(path)
	if err != nil {
		return config.Settings{}, err
	}
	return s.Resolve(f, profile)
}

// Token gets the token that q asks for under the settings that q.Config and
// q.Profile gave.
func (s *Source) Token(ctx context.Context, settings config.Settings, q exchange.Request) (store.Token, error) {
	if err := settings.CheckTenant(q.Tenant); err != nil {
		return store.Token{}, err
	}
	if t, ok := s.warm(settings, q); ok {
		if t.RefreshDue(s.now()) {
			s.renewAhead(settings, q)
		}
		return t, nil
	}
	if s.OnMiss != nil {
		var stop context.CancelFunc
		ctx, stop = s.OnMiss(ctx)
		defer stop()
	}
	return s.ask(ctx, q)
}

// Cached gets the token if it is kept and may be handed out; it asks nobody and
// renews nothing.
func (s *Source) Cached(settings config.Settings, q exchange.Request) (store.Token, bool) {
	return s.warm(settings, q)
}

func (s *Source) warm(settings config.Settings, q exchange.Request) (store.Token, bool) {
	if q.Claims != "" || q.Interaction == "force" {
		return store.Token{}, false
	}
	where := at(settings, q)
	t, ok := store.ReadToken(where.dir, where.keys, where.key)
	return t, ok && t.Fresh(s.now())
}

// renewAhead starts the renewal of a valid token, unless somebody else has. If it
// cannot, the token is as valid as before, and the next call tries.
func (s *Source) renewAhead(settings config.Settings, q exchange.Request) {
	where := at(settings, q)
	path, err := s.beside()
	if err != nil || !store.ClaimRenewal(where.dir, where.key, s.now()) {
		return
	}
	_ = renewal.Start(path, s.Environ, q)
}

// Reject drops a cached token that the service has rejected, so that it is never
// handed out again; another token than the one that is cached is left alone. It
// says whether it was the one.
func (s *Source) Reject(settings config.Settings, q exchange.Request, secret string) bool {
	where := at(settings, q)
	return store.RejectToken(where.dir, where.keys, where.key, secret)
}

// Forget drops the cached token, whichever it is.
func (s *Source) Forget(settings config.Settings, q exchange.Request) bool {
	where := at(settings, q)
	t, ok := store.ReadToken(where.dir, where.keys, where.key)
	return ok && store.RejectToken(where.dir, where.keys, where.key, t.Secret.Reveal())
}

// place is where a token is cached.
type place struct {
	dir  string
	keys []store.KeyProvider
	key  store.TokenKey
}

func at(settings config.Settings, q exchange.Request) place {
	k := settings.TokenKey(q.Scopes, q.Tenant)
	k.IDToken, k.TokenType, k.KeyID = q.IDToken, q.TokenType, q.KeyID
	k.Registry = q.Registry
	set := keys.Cheap(settings.Store.Key, settings.Store.KeyFile)
	return place{set.Options(settings.Store.Dir).Dir, set.All(), k}
}

func (s *Source) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

// failed makes an error of a failure to run authlatch.
func failed(what, next string, err error) error {
	e := &report.Error{Code: report.Other, What: what, Next: next, Err: err}
	if err != nil {
		e.Why = err.Error()
	}
	if errors.Is(err, exchange.ErrVersion) {
		e.Next = "install the helper and authlatch from one release, beside each other"
	}
	return e
}
