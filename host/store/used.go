package store

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// usedStep is how exactly the time of a token's last use is kept: a repeated warm
// call is not to write.
const usedStep = time.Minute

// CachedToken tells of a cached token, without its secret.
type CachedToken struct {
	TokenType  string
	ExpiresOn  time.Time
	RefreshOn  time.Time
	ObtainedOn time.Time
	Scopes     []string // as granted
	Account    Account
	// LastUsed is when it was last handed out, within a minute.
	LastUsed time.Time
	// Renewal ahead of its expiry.
	Renewal Renewal
}

// Tokens lists the cached tokens of an identity that can be read here, the one
// used last first, expired ones included. It uses none of them.
func (s *Store) Tokens(i Identity) []CachedToken {
	var all []CachedToken
	for _, l := range s.tokensOf(i.id()) {
		s.mu.Lock()
		b, used, ok := s.find(l)
		renewal := s.renewal(l)
		s.mu.Unlock()
		if !ok {
			continue
		}
		if t, ok := decodeToken(b); ok {
			all = append(all, CachedToken{t.TokenType, t.ExpiresOn, t.RefreshOn, t.ObtainedOn, t.Scopes, t.Account, used, renewal})
		}
	}
	slices.SortFunc(all, func(a, b CachedToken) int {
		if c := b.LastUsed.Compare(a.LastUsed); c != 0 {
			return c
		}
		return strings.Compare(strings.Join(a.Scopes, " "), strings.Join(b.Scopes, " "))
	})
	return all
}

// used notes that a token is handed out now: the time of its file says so, since
// nothing else of it may change. Nothing depends on it, so a failure is none.
func used(dir string, l location, t Token, last, now time.Time) {
	if t.Fresh(now) && now.Sub(last).Abs() > usedStep {
		_ = os.Chtimes(filepath.Join(dir, l.path), time.Time{}, now)
	}
}
