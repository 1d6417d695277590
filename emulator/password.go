package emulator

import "crypto/subtle"

// redeemPassword is the resource owner password credentials grant (RFC 6749
// section 4.3) with Entra's limits: no MFA, no personal accounts, no consent page.
func (x *exchange) redeemPassword(app App, t tenant) (*grant, *oauthError) {
	for _, name := range []string{"username", "password", "scope"} {
		if x.param(name) == "" {
			return nil, errMissing(name)
		}
	}
	if t.wildcard == "common" || t.wildcard == "consumers" {
		return nil, errGrantHere()
	}
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	m, err := x.s.member(x.param("username"))
	if err != nil {
		return nil, errUnknownUser(t.asPath())
	}
	if m.Personal {
		return nil, errStranger(m.User, t.asPath(), app)
	}
	// A federated user's password is unknown here: only the assertion counts.
	if m.Federated || !m.passwordIs(x.param("password")) {
		return nil, errWrongPassword()
	}
	return x.noninteractive("password", m, app, t)
}

// noninteractive finishes a grant that cannot show the person anything. Call it with mu held.
func (x *exchange) noninteractive(kind string, m *member, app App, t tenant) (*grant, *oauthError) {
	g := &grant{kind: kind, app: app, amr: []string{"pwd"}, auth: x.s.now(), seq: x.s.next()}
	if refused := x.complete(g, m, t, errStranger); refused != nil {
		return nil, refused
	}
	scopes, refused := x.s.parseScopes(x.param("scope"), app, g.tenant)
	if refused != nil {
		return nil, refused
	}
	g.scopes = scopes
	if m.MFARequired {
		return nil, errMFA(scopes.resource)
	}
	if m.needsConsent(app) {
		return nil, errConsent(app)
	}
	return g, nil
}

func (m *member) passwordIs(password string) bool {
	return subtle.ConstantTimeCompare([]byte(password), []byte(m.Password)) == 1
}

func (m *member) needsConsent(app App) bool { return m.ConsentMissing && !m.consents[app.ID] }
