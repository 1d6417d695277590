package store

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"slices"
	"strings"
)

// Identity is who a sign-in belongs to: two of them share nothing. Exactly one
// of Username and Profile is set: the username if the profile names one, else
// the profile's name. Config goes with Profile: the config file that has it, if
// that is not the user's own.
//
// Authority's scheme and host, Tenant and ClientID are compared without case,
// as Entra ID does; Authority without a trailing slash. All else is compared
// byte by byte: a second spelling costs a sign-in, a confusion would cost more.
type Identity struct {
	Authority string `json:"authority"`
	Tenant    string `json:"tenant,omitempty"`
	ClientID  string `json:"client_id"`
	Username  string `json:"username,omitempty"`
	Profile   string `json:"profile,omitempty"`
	Config    string `json:"config,omitempty"`
}

// TokenKey is what a cached token was asked for with. Claims are in no key.
type TokenKey struct {
	Identity Identity
	// Tenant asked for; empty is the identity's. Compared without case.
	Tenant string
	// Scopes as asked for; order and repetition do not matter, case does
	// (RFC 6749 section 3.3).
	Scopes []string
	// IDToken: an ID token, not an access token.
	IDToken bool
	// TokenType is "Bearer" (also when empty) or "pop", without case.
	TokenType string
	// KeyID names the key of a bound token.
	KeyID string
	// Capabilities of the client, as a set.
	Capabilities []string
	// Registry is the container registry, host and port, for which the token was
	// exchanged; "" is the token itself. Compared without case.
	Registry string
}

// StateKey is what a flow's state is kept under: without a tenant, so that one
// sign-in serves guest tenants.
type StateKey struct {
	Flow      string
	Authority string
	ClientID  string
	AccountID string
}

// id is the SHA-256 over a key's canonical fields, each with its length before
// it, so that no two keys have the same bytes.
type id [sha256.Size]byte

func (i id) String() string { return hex.EncodeToString(i[:]) }

func (i Identity) id() id {
	d := newDigest("identity")
	d.identity(i)
	return d.sum()
}

func (k TokenKey) id() id {
	d := newDigest("token")
	d.identity(k.Identity)
	tenant := k.Tenant
	if tenant == "" {
		tenant = k.Identity.Tenant
	}
	d.text(strings.ToLower(tenant))
	d.set(k.Scopes)
	kind := "access_token"
	if k.IDToken {
		kind = "id_token"
	}
	d.text(kind)
	tokenType := strings.ToLower(k.TokenType)
	if tokenType == "" {
		tokenType = "bearer"
	}
	d.text(tokenType)
	d.text(k.KeyID)
	d.set(k.Capabilities)
	if k.Registry != "" { // without one the id is what it was before there were any
		d.text("registry")
		d.text(strings.ToLower(k.Registry))
	}
	return d.sum()
}

func (k StateKey) id() id {
	d := newDigest("state")
	d.text(k.Flow)
	d.text(canonicalAuthority(k.Authority))
	d.text(strings.ToLower(k.ClientID))
	d.text(k.AccountID)
	return d.sum()
}

// canonicalAuthority lowers scheme and host, not the path, and drops trailing
// slashes.
func canonicalAuthority(a string) string {
	a = strings.TrimRight(a, "/")
	start := 0
	if i := strings.Index(a, "://"); i >= 0 {
		start = i + len("://")
	}
	end := len(a)
	if i := strings.IndexByte(a[start:], '/'); i >= 0 {
		end = start + i
	}
	return strings.ToLower(a[:end]) + a[end:]
}

type digest struct{ h hash.Hash }

func newDigest(domain string) digest {
	d := digest{sha256.New()}
	d.text("authlatch store " + domain + " 1")
	return d
}

func (d digest) text(s string) {
	var n [4]byte
	binary.BigEndian.PutUint32(n[:], uint32(len(s)))
	d.h.Write(n[:])
	d.h.Write([]byte(s))
}

func (d digest) set(s []string) {
	s = slices.Clone(s)
	slices.Sort(s)
	s = slices.Compact(s)
	var n [4]byte
	binary.BigEndian.PutUint32(n[:], uint32(len(s)))
	d.h.Write(n[:])
	for _, e := range s {
		d.text(e)
	}
}

func (d digest) identity(i Identity) {
	d.text(canonicalAuthority(i.Authority))
	d.text(strings.ToLower(i.Tenant))
	d.text(strings.ToLower(i.ClientID))
	d.text(i.Username)
	profile := i.Profile
	if i.Config != "" { // neither a name nor a path holds the zero byte
		profile += "\x00" + i.Config
	}
	d.text(profile)
}

func (d digest) sum() (out id) {
	d.h.Sum(out[:0])
	return out
}
