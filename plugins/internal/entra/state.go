package entra

import (
	"context"
	"encoding/json"

	msalcache "github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"

	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
	"github.com/authlatch/authlatch/sdk"
)

// stateVersion is the version of the envelope. A state of another version is
// treated as absent: the person signs in once more.
const stateVersion = 1

// envelope is the state that the host keeps for us: one account's refresh tokens
// in MSAL's own format, and what MSAL does not say again on a refresh.
type envelope struct {
	Version     int             `json:"v"`
	ClientID    string          `json:"client_id"`
	Environment string          `json:"environment"`
	Account     stateAccount    `json:"account"`
	MSAL        json.RawMessage `json:"msal"`
}

type stateAccount struct {
	ID       string `json:"id"`
	Username string `json:"username,omitempty"`
	Tenant   string `json:"tenant,omitempty"`
}

// msalCache is what is kept of MSAL's cache: refresh tokens, and the app metadata
// without which MSAL does not find them. Access and ID tokens, accounts (one for
// each tenant ever asked for) and unknown sections are dropped, so that a state
// holds no access token and does not grow.
type msalCache struct {
	RefreshToken map[string]json.RawMessage `json:"RefreshToken,omitempty"`
	AppMetadata  map[string]json.RawMessage `json:"AppMetadata,omitempty"`
}

// msalEntry has the fields by which entries are told apart.
type msalEntry struct {
	HomeAccountID string `json:"home_account_id"`
	Environment   string `json:"environment"`
	ClientID      string `json:"client_id"`
	FamilyID      string `json:"family_id"`
	Secret        string `json:"secret"`
}

// keep returns the entries of one account (any, if home is "") at one client.
func (m msalCache) keep(home, environment, clientID string) msalCache {
	out := msalCache{RefreshToken: map[string]json.RawMessage{}, AppMetadata: map[string]json.RawMessage{}}
	for k, raw := range m.RefreshToken {
		var e msalEntry
		if json.Unmarshal(raw, &e) == nil && e.Secret != "" && e.Environment == environment &&
			(home == "" || e.HomeAccountID == home) && (e.ClientID == clientID || e.FamilyID != "") {
			out.RefreshToken[k] = raw
		}
	}
	for k, raw := range m.AppMetadata {
		var e msalEntry
		if json.Unmarshal(raw, &e) == nil && e.Environment == environment && e.ClientID == clientID {
			out.AppMetadata[k] = raw
		}
	}
	return out
}

// cache is MSAL's view of the state. It implements MSAL's cache.ExportReplace;
// the partition keys in the hints are no use (traps.md, MSAL 8).
type cache struct {
	clientID    string
	environment string
	account     stateAccount // zero if there is no usable state
	msal        msalCache
	unreadable  bool // MSAL could not read what we kept
}

// loadCache reads the request's state. What is damaged, too large, of another
// version, client, environment or account is treated as absent.
func loadCache(req *sdk.Request, environment string) *cache {
	c := &cache{clientID: req.ClientID, environment: environment}
	var e envelope
	if len(req.State) == 0 || len(req.State) > flowv1.MaxStateSize || json.Unmarshal(req.State, &e) != nil {
		return c
	}
	if e.Version != stateVersion || e.ClientID != req.ClientID || e.Environment != environment || e.Account.ID == "" {
		return c
	}
	if req.Account != nil && req.Account.ID != "" && req.Account.ID != e.Account.ID {
		return c
	}
	var m msalCache
	if json.Unmarshal(e.MSAL, &m) != nil {
		return c
	}
	m = m.keep(e.Account.ID, environment, req.ClientID)
	if len(m.RefreshToken) == 0 || len(m.AppMetadata) == 0 {
		return c
	}
	c.account, c.msal = e.Account, m
	return c
}

// clear forgets the account.
func (c *cache) clear() { c.account, c.msal = stateAccount{}, msalCache{} }

// Replace loads what is kept into MSAL.
func (c *cache) Replace(_ context.Context, into msalcache.Unmarshaler, _ msalcache.ReplaceHints) error {
	b, err := json.Marshal(c.msal)
	if err == nil {
		err = into.Unmarshal(b)
	}
	if err != nil {
		// MSAL's error could quote the tokens. Nothing is loaded: as if absent.
		c.unreadable = true
	}
	return nil
}

// Export takes over what MSAL has, without access tokens.
func (c *cache) Export(_ context.Context, from msalcache.Marshaler, _ msalcache.ExportHints) error {
	b, err := from.Marshal()
	if err != nil {
		return errUnreadable
	}
	var m msalCache
	if json.Unmarshal(b, &m) != nil {
		return errUnreadable
	}
	c.msal = m.keep("", c.environment, c.clientID)
	return nil
}

// state returns the envelope for the account that a token was got for; nil if
// there is nothing to keep or it would be too large, which costs a sign-in later
// but not the token now.
func (c *cache) state(a stateAccount) []byte {
	m := c.msal.keep(a.ID, c.environment, c.clientID)
	if len(m.RefreshToken) == 0 {
		return nil
	}
	inner, err := json.Marshal(m)
	if err != nil {
		return nil
	}
	b, err := json.Marshal(envelope{Version: stateVersion, ClientID: c.clientID, Environment: c.environment, Account: a, MSAL: inner})
	if err != nil || len(b) > flowv1.MaxStateSize {
		return nil
	}
	return b
}
