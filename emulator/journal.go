package emulator

import (
	"maps"
	"slices"
	"time"
)

// Counters say what was asked of the server since it started or since
// ResetCounters. Requests that a fault answered are counted too.
type Counters struct {
	Total             int `json:"total"` // requests, the controls not among them
	Discovery         int `json:"discovery"`
	InstanceDiscovery int `json:"instance_discovery"`
	UserRealm         int `json:"user_realm"`
	JWKS              int `json:"jwks"`
	WSTrust           int `json:"ws_trust"`
	Authorize         int `json:"authorize"`

	// Prompts are the times a person was shown a page: once for each authorize
	// request that could not be answered at once, once for each device code
	// that was entered. SignIns, Cancelled are how those ended.
	Prompts   int `json:"prompts"`
	SignIns   int `json:"sign_ins"`
	Cancelled int `json:"cancelled"`

	// Token counts requests by grant (authorization_code, refresh_token,
	// device_code, password, saml, or "other"); Issued the successful ones.
	Token  map[string]int `json:"token"`
	Issued map[string]int `json:"issued"`

	DeviceCode int `json:"device_code"` // device codes asked for
	Polls      int `json:"polls"`       // requests to redeem a device code
	SlowDowns  int `json:"slow_downs"`  // polls that came before their time

	Revoked   int `json:"revoked"`    // refresh token families revoked for reuse or by a control
	API       int `json:"api"`        // requests to protected resources
	APIDenied int `json:"api_denied"` // those answered 401
	// Trapped are requests that followed a redirect307 fault with a body: a
	// client that has any re-sends what was meant for the token endpoint.
	Trapped int `json:"trapped"`
	Faults  int `json:"faults"` // requests that a fault touched
}

// Request is one line of the journal. It never holds a secret: of the
// parameters only those named here are kept, of the others the names.
type Request struct {
	Time     time.Time     `json:"time"` // by Options.Now
	Duration time.Duration `json:"duration_ns"`
	Method   string        `json:"method"`
	Path     string        `json:"path"` // without the query
	// Endpoint is the name that Fault.Endpoint takes, or "page", "jwks", "wstrust", "other".
	Endpoint  string   `json:"endpoint"`
	Tenant    string   `json:"tenant,omitempty"`
	GrantType string   `json:"grant_type,omitempty"`
	ClientID  string   `json:"client_id,omitempty"`
	Scope     string   `json:"scope,omitempty"`
	Claims    string   `json:"claims,omitempty"`
	Prompt    string   `json:"prompt,omitempty"`
	Keys      []string `json:"keys,omitempty"` // every parameter's name, sorted
	UserAgent string   `json:"user_agent,omitempty"`
	// HasAuthorization says that an Authorization header was sent.
	HasAuthorization bool   `json:"has_authorization,omitempty"`
	CorrelationID    string `json:"correlation_id,omitempty"`
	Status           int    `json:"status"` // 0 if the connection was cut
	Error            string `json:"error,omitempty"`
	ErrorCode        int    `json:"error_code,omitempty"` // AADSTS
	Fault            string `json:"fault,omitempty"`      // the kind of fault that touched it
}

// journalSize bounds the memory of a server that runs for days.
const journalSize = 4096

// Counters returns a copy of the counters.
func (s *Server) Counters() Counters {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.counters
	c.Token, c.Issued = maps.Clone(c.Token), maps.Clone(c.Issued)
	return c
}

// ResetCounters sets all counters to zero and empties the journal. Sessions,
// codes, tokens and faults stay.
func (s *Server) ResetCounters() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resetCounters()
}

func (s *Server) resetCounters() {
	s.counters = Counters{Token: map[string]int{}, Issued: map[string]int{}}
	s.journal = nil
}

// Requests returns the journal, oldest first: the last 4096 requests.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.journal)
}

func (s *Server) record(entry Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.journal) >= journalSize {
		s.journal = slices.Delete(s.journal, 0, len(s.journal)-journalSize+1)
	}
	s.journal = append(s.journal, entry)
}

// count changes the counters under the lock.
func (s *Server) count(change func(*Counters)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.counters)
}
