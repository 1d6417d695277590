package store

import (
	"encoding/json"
	"time"
)

// tokenPayload is a token inside an entry, where its secret is in clear.
type tokenPayload struct {
	Secret     string   `json:"secret"`
	TokenType  string   `json:"token_type"`
	ExpiresOn  int64    `json:"expires_on"`
	RefreshOn  int64    `json:"refresh_on,omitempty"`
	Scopes     []string `json:"scopes,omitempty"`
	Account    Account  `json:"account"`
	ObtainedOn int64    `json:"obtained_on"`
	Claims     string   `json:"claims,omitempty"`
}

type bindingPayload struct {
	Identity   Identity `json:"identity"`
	Account    Account  `json:"account"`
	Flow       string   `json:"flow"`
	SignedInOn int64    `json:"signed_in_on"`
}

func encodeToken(t Token) []byte {
	return encode(tokenPayload{
		t.Secret.Reveal(), t.TokenType, epoch(t.ExpiresOn), epoch(t.RefreshOn), t.Scopes, t.Account, epoch(t.ObtainedOn), t.Claims,
	})
}

func decodeToken(b []byte) (Token, bool) {
	var p tokenPayload
	if json.Unmarshal(b, &p) != nil || p.Secret == "" {
		return Token{}, false
	}
	return Token{
		Secret: NewSecret(p.Secret), TokenType: p.TokenType, ExpiresOn: fromEpoch(p.ExpiresOn), RefreshOn: fromEpoch(p.RefreshOn),
		Scopes: p.Scopes, Account: p.Account, ObtainedOn: fromEpoch(p.ObtainedOn), Claims: p.Claims,
	}, true
}

func encodeBinding(b Binding) []byte {
	return encode(bindingPayload{b.Identity, b.Account, b.Flow, epoch(b.SignedInOn)})
}

func decodeBinding(b []byte) (Binding, bool) {
	var p bindingPayload
	if json.Unmarshal(b, &p) != nil || p.Flow == "" {
		return Binding{}, false
	}
	return Binding{Identity: p.Identity, Account: p.Account, Flow: p.Flow, SignedInOn: fromEpoch(p.SignedInOn)}, true
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // these structs always marshal
	}
	return b
}

func epoch(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func fromEpoch(s int64) time.Time {
	if s == 0 {
		return time.Time{}
	}
	return time.Unix(s, 0)
}
