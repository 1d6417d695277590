// Package exchange is what a helper and authlatch say to each other on a miss:
// one JSON Request on the stdin of "authlatch helper-token", one JSON Answer on
// its stdout. Both come from one installation, so the version must match
// exactly. Failures are told by the exit code and stderr, never by an Answer.
package exchange

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/authlatch/authlatch/host/store"
)

// Version of the exchange. Anything that an older peer would misread raises it.
const Version = 1

// Command is authlatch's hidden command.
const Command = "helper-token"

// MaxSize bounds either message: a token is some kilobytes, claims less.
const MaxSize = 1 << 20

// ErrVersion says that the two binaries are of different installations.
var ErrVersion = errors.New("the helper and authlatch are of different versions; install them together")

// Request asks for one token.
type Request struct {
	Version int `json:"version"`
	// Client is the helper: "kubectl".
	Client string `json:"client"`
	// Profile and Config as the helper's flags gave them; empty is not given.
	Profile string `json:"profile,omitempty"`
	Config  string `json:"config,omitempty"`
	// Scopes are never empty.
	Scopes []string `json:"scopes"`
	// Tenant asked for; empty is the profile's.
	Tenant string `json:"tenant,omitempty"`
	// Claims from a claims challenge, as JSON.
	Claims string `json:"claims,omitempty"`
	// IDToken asks for an ID token.
	IDToken bool `json:"id_token,omitempty"`
	// TokenType is "Bearer" (also when empty) or "pop".
	TokenType string `json:"token_type,omitempty"`
	ReqCnf    string `json:"req_cnf,omitempty"`
	KeyID     string `json:"key_id,omitempty"`
	// Registry asks for a refresh token of this container registry, host and port,
	// instead of the token for Scopes that it is exchanged for.
	Registry string `json:"registry,omitempty"`
	// Interaction is "auto" (also when empty), "never" or "force".
	Interaction string `json:"interaction,omitempty"`
	// ErrorFormat is "text" (also when empty) or "json".
	ErrorFormat string `json:"error_format,omitempty"`
}

// answer is the Answer's shape on the pipe, with the secret in clear.
type answer struct {
	Version   int           `json:"version"`
	Token     string        `json:"token"`
	TokenType string        `json:"token_type,omitempty"`
	ExpiresOn int64         `json:"expires_on"`
	RefreshOn int64         `json:"refresh_on,omitempty"`
	Scopes    []string      `json:"scopes,omitempty"`
	Account   store.Account `json:"account"`
}

// ReadRequest reads one Request, to the end of r, and checks it.
func ReadRequest(r io.Reader) (Request, error) {
	var q Request
	if err := read(r, "request", &q); err != nil {
		return Request{}, err
	}
	if err := q.check(); err != nil {
		return Request{}, err
	}
	return q, nil
}

// WriteRequest writes one Request. It fills in Version.
func WriteRequest(w io.Writer, q Request) error {
	q.Version = Version
	if err := q.check(); err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(q)
}

func (q Request) check() error {
	if len(q.Scopes) == 0 {
		return errors.New("the request names no scope")
	}
	for _, v := range []struct {
		name, value string
		allowed     [3]string
	}{
		{"interaction", q.Interaction, [3]string{"auto", "never", "force"}},
		{"token_type", q.TokenType, [3]string{"Bearer", "pop"}},
		{"error_format", q.ErrorFormat, [3]string{"text", "json"}},
	} {
		if v.value != "" && v.value != v.allowed[0] && v.value != v.allowed[1] && v.value != v.allowed[2] {
			return fmt.Errorf("the request's %s is none", v.name)
		}
	}
	if q.TokenType == "pop" && (q.ReqCnf == "" || q.KeyID == "") {
		return errors.New("the request for a bound token names no key")
	}
	if q.Registry != "" && (q.IDToken || q.TokenType == "pop") {
		return errors.New("a registry takes only bearer access tokens")
	}
	return nil
}

// ReadAnswer reads one answer, to the end of r.
func ReadAnswer(r io.Reader) (store.Token, error) {
	var a answer
	if err := read(r, "answer", &a); err != nil {
		return store.Token{}, err
	}
	if a.Token == "" || a.ExpiresOn <= 0 {
		return store.Token{}, errors.New("the answer holds no token")
	}
	t := store.Token{
		Secret: store.NewSecret(a.Token), TokenType: a.TokenType, ExpiresOn: time.Unix(a.ExpiresOn, 0),
		Scopes: a.Scopes, Account: a.Account,
	}
	if a.RefreshOn > 0 {
		t.RefreshOn = time.Unix(a.RefreshOn, 0)
	}
	return t, nil
}

// WriteAnswer writes one answer.
func WriteAnswer(w io.Writer, t store.Token) error {
	a := answer{
		Version: Version, Token: t.Secret.Reveal(), TokenType: t.TokenType, ExpiresOn: t.ExpiresOn.Unix(),
		Scopes: t.Scopes, Account: t.Account,
	}
	if !t.RefreshOn.IsZero() {
		a.RefreshOn = t.RefreshOn.Unix()
	}
	return json.NewEncoder(w).Encode(a)
}

// read decodes one document strictly: its version first, then nothing unknown
// and nothing after it. Errors never quote the text, which may hold a token.
func read(r io.Reader, what string, v any) error {
	b, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	if err != nil {
		return fmt.Errorf("reading the %s: %w", what, err)
	}
	if len(b) > MaxSize {
		return fmt.Errorf("the %s is too large", what)
	}
	var versioned struct {
		Version *int `json:"version"`
	}
	if json.Unmarshal(b, &versioned) != nil || versioned.Version == nil {
		return fmt.Errorf("the %s is not one JSON object with a version", what)
	}
	if *versioned.Version != Version {
		return fmt.Errorf("the %s is of version %d, not %d: %w", what, *versioned.Version, Version, ErrVersion)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if d.Decode(v) != nil {
		return fmt.Errorf("the %s has fields that are not known or of another type: %w", what, ErrVersion)
	}
	return nil
}
