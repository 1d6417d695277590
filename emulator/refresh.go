package emulator

import "time"

// family is the chain of refresh tokens that one sign-in began. Guarded by Server.mu.
type family struct {
	username string
	client   string
	amr      []string
	auth     time.Time
	began    int64 // sequence number
	revoked  bool
}

// refreshToken is one link of a family. It is good for every tenant and
// resource that its user may reach with its client, as Entra's are.
type refreshToken struct {
	family  *family
	scopes  scopeSet
	issued  time.Time
	expires time.Time
	rotated time.Time // zero while it is the newest
}

// newRefreshToken starts a family or adds the next link to g's.
func (s *Server) newRefreshToken(g *grant) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	f := g.family
	if f == nil {
		f = &family{username: g.user.Username, client: g.app.ID, amr: g.amr, auth: g.auth, began: g.seq}
	}
	sweep(s.refresh, func(t *refreshToken) bool { return now.After(t.expires) })
	secret := opaque("1.emulator.")
	s.refresh[secret] = &refreshToken{family: f, scopes: g.scopes, issued: now, expires: now.Add(s.opts.RefreshTokenLifetime)}
	return secret
}

// redeemRefresh is the refresh_token grant (RFC 6749 section 6, rotation as in
// RFC 9700 section 4.14.2).
func (x *exchange) redeemRefresh(app App, t tenant) (*grant, *oauthError) {
	secret := x.param("refresh_token")
	if secret == "" {
		return nil, errMissing("refresh_token")
	}
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	token := x.s.refresh[secret]
	if token == nil || token.family.client != app.ID {
		return nil, errBadGrant("The refresh token is not known for this client.")
	}
	now, f := x.s.now(), token.family
	m, err := x.s.member(f.username)
	if err != nil {
		return nil, errUnknownUser(t.asPath())
	}
	switch {
	case f.began <= m.revokedAt:
		return nil, errRevoked(m.revokedTime)
	case f.revoked:
		return nil, errBadGrant("The refresh token's family was revoked.")
	case !token.rotated.IsZero() && !now.Before(token.rotated.Add(x.s.opts.RefreshTokenGrace)):
		f.revoked = true
		x.s.counters.Revoked++
		return nil, errBadGrant("The refresh token was used before; its family is revoked.")
	case !now.Before(token.expires):
		return nil, errRefreshExpired(token.issued, x.s.opts.RefreshTokenLifetime)
	}
	g := &grant{kind: "refresh_token", app: app, amr: f.amr, auth: f.auth, family: f, seq: x.s.next()}
	if refused := x.complete(g, m, t, errStrangerHere); refused != nil {
		return nil, refused
	}
	g.scopes = token.scopes
	if raw := x.param("scope"); raw != "" {
		scopes, refused := x.s.parseScopes(raw, app, g.tenant)
		if refused != nil {
			return nil, refused
		}
		g.scopes = scopes
	}
	// Entra answers every refresh with a new refresh token.
	if !g.scopes.has("offline_access") {
		g.scopes.oidc = append(g.scopes.oidc[:len(g.scopes.oidc):len(g.scopes.oidc)], "offline_access")
	}
	if token.rotated.IsZero() {
		token.rotated = now
	}
	return g, nil
}

// sweepAt bounds the memory of a server that runs for days.
const sweepAt = 4096

// sweep forgets dead entries once there are many.
func sweep[K comparable, V any](entries map[K]V, dead func(V) bool) {
	if len(entries) < sweepAt {
		return
	}
	for key, value := range entries {
		if dead(value) {
			delete(entries, key)
		}
	}
}
