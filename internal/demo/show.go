package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// tokenDocument is what authlatch token -o json prints.
type tokenDocument struct {
	AccessToken string   `json:"access_token"`
	ExpiresOn   int64    `json:"expires_on"`
	Scopes      []string `json:"scopes"`
	Account     struct {
		Username string `json:"username"`
	} `json:"account"`
}

// describeToken shows whose the token is, until when it lives and what it
// claims; never the token.
func describeToken(document []byte) error {
	var token tokenDocument
	if err := json.Unmarshal(document, &token); err != nil {
		return fmt.Errorf("stdout is not one JSON document: %w", err)
	}
	if token.Account.Username != username {
		return fmt.Errorf("the token is of %q, not of %s", token.Account.Username, username)
	}
	claims, err := claimsOf(token.AccessToken)
	if err != nil {
		return err
	}
	expires := time.Unix(token.ExpiresOn, 0)
	say("account  %s", token.Account.Username)
	say("scopes   %s", strings.Join(token.Scopes, " "))
	say("expires  %s, in %s", expires.Format(time.RFC3339), time.Until(expires).Round(time.Second))
	for _, name := range []string{"aud", "iss", "tid", "oid", "scp", "preferred_username", "upn"} {
		if value, ok := claims[name]; ok {
			say("claim    %s = %v", name, value)
		}
	}
	return nil
}

func claimsOf(token string) (map[string]any, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, fmt.Errorf("the token is no JWT")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, fmt.Errorf("decode the token's claims: %w", err)
	}
	var claims map[string]any
	err = json.Unmarshal(payload, &claims)
	return claims, err
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
