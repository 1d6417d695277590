package emulator

import (
	"fmt"
	"strings"
	"time"
)

// SetUser adds a user or replaces the one of the same name. Sessions stay.
func (s *Server) SetUser(u User) error {
	u = u.normalised()
	if err := u.validate(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range append([]string{u.Tenant}, u.GuestTenants...) {
		s.tenants[strings.ToLower(id)] = id
	}
	if !u.Personal {
		if _, taken := s.tenants[u.domain()]; !taken {
			s.tenants[u.domain()] = u.Tenant
		}
	}
	key := strings.ToLower(u.Username)
	if m := s.users[key]; m != nil {
		m.User = u
	} else {
		s.users[key] = &member{User: u, consents: map[string]bool{}}
	}
	return nil
}

// RemoveUser deletes a user: their refresh tokens answer AADSTS50034 from now on.
func (s *Server) RemoveUser(username string) error {
	return s.withMember(username, func(m *member) { delete(s.users, strings.ToLower(username)) })
}

// RevokeSessions voids the user's refresh tokens, pending codes and browser
// sessions: redeeming one is refused with AADSTS50173. Access tokens stay good,
// except that the protected resources challenge those of clients with
// capability CP1 (continuous access evaluation).
func (s *Server) RevokeSessions(username string) error {
	return s.withMember(username, s.revoke)
}

// PasswordChanged sets a new password and revokes the user's sessions.
func (s *Server) PasswordChanged(username, password string) error {
	if password == "" {
		return fmt.Errorf("user %q: the new password is empty", username)
	}
	return s.withMember(username, func(m *member) {
		m.Password = password
		s.revoke(m)
	})
}

// RejectAccessTokens makes the protected resources answer 401 to every access
// token that the user has so far, as a cluster does whose rules changed.
func (s *Server) RejectAccessTokens(username string) error {
	return s.withMember(username, func(m *member) { m.rejectedAt = s.next() })
}

// RequireClaims makes the protected resources answer 401 with a claims
// challenge to the user's tokens until one comes whose request carried claims,
// a JSON object with a member "access_token". Empty claims end it.
func (s *Server) RequireClaims(username, claims string) error {
	if _, refused := parseClaims(claims); refused != nil {
		return refused
	}
	return s.withMember(username, func(m *member) { m.mustClaim = claims })
}

// revoke is RevokeSessions with mu held.
func (s *Server) revoke(m *member) {
	m.revokedAt = s.next()
	m.revokedTime = s.now().UTC().Format(time.RFC3339)
	for _, token := range s.refresh {
		if f := token.family; strings.EqualFold(f.username, m.Username) && !f.revoked {
			f.revoked = true
			s.counters.Revoked++
		}
	}
	for _, b := range s.browsers {
		b.forget(m.Username)
	}
}

func (s *Server) withMember(username string, change func(*member)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.member(username)
	if err != nil {
		return err
	}
	change(m)
	return nil
}

// UserCodes lists the device codes that still wait for a person, so that a test
// need not read them from a prompt.
func (s *Server) UserCodes() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var codes []string
	now := s.now()
	for code, d := range s.userCodes {
		if d.approval == nil && d.refused == nil && now.Before(d.expires) {
			codes = append(codes, code)
		}
	}
	return codes
}
