package emulator

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
)

// User is one person in the directory. Usernames compare without regard to case.
type User struct {
	Username string `json:"username"`
	Password string `json:"password,omitempty"`
	// ID is the object id in the home tenant (a GUID); derived from the
	// username if empty.
	ID string `json:"id,omitempty"`
	// Tenant is the home tenant's GUID; ContosoTenant if empty.
	Tenant string `json:"tenant,omitempty"`
	// Name is what is shown to people; the username if empty.
	Name string `json:"name,omitempty"`
	// GuestTenants are the GUIDs of other tenants that know this user.
	GuestTenants []string `json:"guest_tenants,omitempty"`

	// MFARequired: the password grant is refused with AADSTS50076, the browser
	// shows one more page.
	MFARequired bool `json:"mfa_required,omitempty"`
	// ConsentMissing: AADSTS65001 until the person has consented in the browser.
	ConsentMissing bool `json:"consent_missing,omitempty"`
	// Personal is a Microsoft account, at home in PersonalTenant.
	Personal bool `json:"personal,omitempty"`
	// Federated: the password is only good at the WS-Trust endpoint.
	Federated bool `json:"federated,omitempty"`
	// Disabled: AADSTS50057 everywhere.
	Disabled bool `json:"disabled,omitempty"`
	// DeviceRequired: AADSTS53000 everywhere, since a broker is missing.
	DeviceRequired bool `json:"device_required,omitempty"`
}

// DefaultUsers is the directory that a Server has unless Options.Users says
// otherwise. Each password is "not-a-secret-" and the name before the @.
func DefaultUsers() []User {
	people := []User{
		{Username: "alice@contoso.example", Name: "Alice Example", GuestTenants: []string{FabrikamTenant}},
		{Username: "bob@contoso.example", Name: "Bob Example"},
		{Username: "mfa@contoso.example", Name: "Mia Factor", MFARequired: true},
		{Username: "noconsent@contoso.example", Name: "Noel Consent", ConsentMissing: true},
		{Username: "fed@contoso.example", Name: "Freya Federated", Federated: true},
		{Username: "disabled@contoso.example", Name: "Dan Disabled", Disabled: true},
		{Username: "device@contoso.example", Name: "Dee Vice", DeviceRequired: true},
		{Username: "carol@fabrikam.example", Name: "Carol Example", Tenant: FabrikamTenant},
		{Username: "msa@outlook.example", Name: "Mona Personal", Personal: true, Tenant: PersonalTenant},
	}
	for i := range people {
		name, _, _ := strings.Cut(people[i].Username, "@")
		people[i].Password = "not-a-secret-" + name
		people[i] = people[i].normalised()
	}
	return people
}

func (u User) normalised() User {
	switch {
	case u.Personal:
		u.Tenant = PersonalTenant
	case u.Tenant == "":
		u.Tenant = ContosoTenant
	}
	if u.ID == "" {
		u.ID = derivedGUID("user", strings.ToLower(u.Username))
	}
	if u.Name == "" {
		u.Name = u.Username
	}
	return u
}

func (u User) validate() error {
	name, domain, ok := strings.Cut(u.Username, "@")
	if !ok || name == "" || domain == "" || strings.ContainsAny(u.Username, " \t\r\n/") {
		return fmt.Errorf("user %q: a username is name@domain", u.Username)
	}
	if u.Password == "" {
		return fmt.Errorf("user %q: password is missing", u.Username)
	}
	for _, tenant := range append([]string{u.Tenant}, u.GuestTenants...) {
		if !isGUID(tenant) {
			return fmt.Errorf("user %q: tenant %q is not a GUID", u.Username, tenant)
		}
	}
	if !isGUID(u.ID) {
		return fmt.Errorf("user %q: id %q is not a GUID", u.Username, u.ID)
	}
	return nil
}

func (u User) domain() string {
	_, domain, _ := strings.Cut(strings.ToLower(u.Username), "@")
	return domain
}

// objectIn is the user's object id in a tenant: a guest has another one there.
func (u User) objectIn(tenant string) string {
	if tenant == u.Tenant {
		return u.ID
	}
	return derivedGUID("guest", u.ID, tenant)
}

// member is a User with what the server remembers about them. Guarded by Server.mu.
type member struct {
	User
	consents map[string]bool // by client id
	// revokedAt is the sequence number up to which sessions are void, 0 for none.
	revokedAt   int64
	rejectedAt  int64 // the same for access tokens, CAE or not
	mustClaim   string
	revokedTime string
}

var errNoUser = errors.New("no such user")

func (s *Server) member(username string) (*member, error) {
	m := s.users[strings.ToLower(username)]
	if m == nil {
		return nil, fmt.Errorf("%w: %q", errNoUser, username)
	}
	return m, nil
}

// derivedGUID is a GUID made from its parts alone, so that it is the same in
// every run and tests may write it down.
func derivedGUID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	sum[6] = sum[6]&0x0f | 0x50 // version 5, name based
	sum[8] = sum[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case !strings.ContainsRune("0123456789abcdefABCDEF", rune(c)):
			return false
		}
	}
	return true
}
