package store

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// Every field of a key counts; what is only a spelling does not.
func TestKeysAreDistinct(t *testing.T) {
	base := TokenKey{Identity: Identity{Authority: "https://a.example", Tenant: "t", ClientID: "c", Username: "u"}, Tenant: "t2", Scopes: []string{"a", "b"}, Capabilities: []string{"cp1"}}
	different := map[string]func(*TokenKey){
		"authority":      func(k *TokenKey) { k.Identity.Authority = "https://b.example" },
		"authority path": func(k *TokenKey) { k.Identity.Authority = "https://a.example/x" },
		"tenant":         func(k *TokenKey) { k.Identity.Tenant = "u" },
		"client":         func(k *TokenKey) { k.Identity.ClientID = "d" },
		"user":           func(k *TokenKey) { k.Identity.Username = "v" },
		"user's case":    func(k *TokenKey) { k.Identity.Username = "U" },
		"config":         func(k *TokenKey) { k.Identity.Config = "/c.toml" },
		"profile":        func(k *TokenKey) { k.Identity.Username, k.Identity.Profile = "", "u" },
		"tenant asked":   func(k *TokenKey) { k.Tenant = "t3" },
		"scopes":         func(k *TokenKey) { k.Scopes = []string{"a"} },
		"scopes joined":  func(k *TokenKey) { k.Scopes = []string{"ab"} },
		"scope's case":   func(k *TokenKey) { k.Scopes = []string{"A", "b"} },
		"id token":       func(k *TokenKey) { k.IDToken = true },
		"token type":     func(k *TokenKey) { k.TokenType = "pop" },
		"key":            func(k *TokenKey) { k.KeyID = "k" },
		"capabilities":   func(k *TokenKey) { k.Capabilities = nil },
		"registry":       func(k *TokenKey) { k.Registry = "a.example" },
		"other registry": func(k *TokenKey) { k.Registry = "a.example:8443" },
		"moved":          func(k *TokenKey) { k.Scopes, k.Capabilities = []string{"a", "b", "cp1"}, nil },
	}
	seen := map[id]string{base.id(): "base"}
	for name, change := range different {
		k := base
		change(&k)
		if other, ok := seen[k.id()]; ok {
			t.Errorf("%s is the same as %s", name, other)
		}
		seen[k.id()] = name
	}
	for name, change := range map[string]func(*TokenKey){
		"order":         func(k *TokenKey) { k.Scopes = []string{"b", "a", "b"} },
		"bearer":        func(k *TokenKey) { k.TokenType = "BEARER" },
		"host's case":   func(k *TokenKey) { k.Identity.Authority = "HTTPS://A.example/" },
		"tenant's case": func(k *TokenKey) { k.Tenant = "T2"; k.Identity.Tenant = "T" },
	} {
		k := base
		change(&k)
		if k.id() != base.id() {
			t.Errorf("%s makes another key", name)
		}
	}
	a, b := StateKey{"f", "https://a", "c", "x"}, StateKey{"f", "https://a", "cx", ""}
	if a.id() == b.id() {
		t.Error("state keys run into each other")
	}
	own, named := base, base
	own.Tenant, named.Tenant = "", base.Identity.Tenant
	if own.id() != named.id() {
		t.Error("no tenant is not the identity's")
	}
}

func TestFreshness(t *testing.T) {
	token := func(obtained, expires time.Duration) Token {
		return Token{Secret: NewSecret("x"), ObtainedOn: noon.Add(obtained), ExpiresOn: noon.Add(expires)}
	}
	for _, c := range []struct {
		name  string
		t     Token
		fresh bool
	}{
		{"an hour", token(0, time.Hour), true},
		{"five minutes and a second", token(-time.Hour, 5*time.Minute+time.Second), true},
		{"five minutes", token(-time.Hour, 5*time.Minute), false},
		{"a token that lives for a minute", token(0, time.Minute), true},
		{"its last quarter", token(-50*time.Second, 10*time.Second), false},
		{"expired", token(-time.Hour, -time.Second), false},
		{"the clock was set back a little", token(4*time.Minute, time.Hour), true},
		{"the clock was set back an hour", token(time.Hour, 2*time.Hour), false},
		{"expired before it arrived", token(0, -time.Hour), false},
		{"empty", Token{ExpiresOn: noon.Add(time.Hour)}, false},
	} {
		if got := c.t.Fresh(noon); got != c.fresh {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	due := Token{RefreshOn: noon}
	if (Token{}).RefreshDue(noon) || !due.RefreshDue(noon) || due.RefreshDue(noon.Add(-time.Second)) {
		t.Error("refresh")
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	for _, v := range []any{NewSecret("hunter2"), &adaTok, NewKey(), struct{ S Secret }{NewSecret("hunter2")}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			if out := fmt.Sprintf(verb, v); strings.Contains(out, "hunter2") || strings.Contains(out, "very secret") {
				t.Errorf("%s shows %s", verb, out)
			}
		}
		if b, err := json.Marshal(v); err == nil && (bytes.Contains(b, []byte("hunter2")) || bytes.Contains(b, []byte("very secret"))) {
			t.Errorf("JSON shows %s", b)
		}
	}
	// fmt calls no methods on unexported fields, and every program has some.
	type program struct {
		secret Secret
		key    Key
		token  Token
	}
	p := program{NewSecret("hunter2"), KeyOf([KeySize]byte([]byte(strings.Repeat("hunter2.", 4)))), adaTok}
	for _, v := range []any{p, &p, []program{p}, map[string]program{"": p}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t"} {
			out := fmt.Sprintf(verb, v)
			for _, shown := range []string{"hunter2", hex.EncodeToString([]byte("hunter2")), "104 117 110", "very secret"} {
				if strings.Contains(out, shown) {
					t.Errorf("%s shows %s", verb, out)
				}
			}
		}
	}
}

// A store that an older version has written is found again: ids never change.
func TestIDsStay(t *testing.T) {
	k := TokenKey{Identity: Identity{Authority: "https://a.example", Tenant: "t", ClientID: "c", Username: "u"}, Scopes: []string{"a", "b"}, Capabilities: []string{"cp1"}}
	if got := k.id().String(); got != "fc3f6a1c9e6a903b899cd63fd9fef6af1ec181923ce1faaf498c91a3ff86343c" {
		t.Errorf("the id is %s", got)
	}
}
