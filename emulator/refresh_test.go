package emulator_test

import (
	"testing"
	"time"

	"github.com/authlatch/authlatch/emulator"
)

func TestRefreshRotates(t *testing.T) {
	s := start(t, emulator.Options{})
	first := tokenRequest(t, s, passwordForm(alice)).ok(t)
	second := tokenRequest(t, s, refreshForm(first.RefreshToken)).ok(t)
	if second.RefreshToken == "" || second.RefreshToken == first.RefreshToken {
		t.Fatal("the refresh token was not rotated")
	}
	third := tokenRequest(t, s, refreshForm(second.RefreshToken)).ok(t)
	// Reuse of a rotated token voids the family, its newest token included.
	tokenRequest(t, s, refreshForm(first.RefreshToken)).want(t, "invalid_grant", 70000)
	tokenRequest(t, s, refreshForm(third.RefreshToken)).want(t, "invalid_grant", 70000)
	if got := s.Counters(); got.Revoked != 1 || got.Token["refresh_token"] != 4 || got.Issued["refresh_token"] != 2 {
		t.Errorf("counted %+v", got)
	}
	// Another sign-in of the same user is another family.
	other := tokenRequest(t, s, passwordForm(alice)).ok(t)
	tokenRequest(t, s, refreshForm(other.RefreshToken)).ok(t)
}

func TestRefreshGrace(t *testing.T) {
	at := newClock()
	s := start(t, emulator.Options{Now: at.now, RefreshTokenGrace: time.Minute})
	first := tokenRequest(t, s, passwordForm(alice)).ok(t)
	tokenRequest(t, s, refreshForm(first.RefreshToken)).ok(t)
	at.advance(59 * time.Second)
	tokenRequest(t, s, refreshForm(first.RefreshToken)).ok(t)
	at.advance(time.Second)
	tokenRequest(t, s, refreshForm(first.RefreshToken)).want(t, "invalid_grant", 70000)
}

// One refresh token serves every resource and every tenant that knows the user.
func TestRefreshElsewhere(t *testing.T) {
	s := start(t, emulator.Options{})
	token := tokenRequest(t, s, passwordForm(alice)).ok(t).RefreshToken
	vault := tokenRequest(t, s, with(refreshForm(token), "scope", "https://vault.azure.net/.default")).ok(t)
	if aud := payload(t, vault.AccessToken)["aud"]; aud != "https://vault.azure.net" {
		t.Errorf("aud is %v", aud)
	}
	guest := post(t, s, "/"+emulator.FabrikamTenant+"/oauth2/v2.0/token", refreshForm(vault.RefreshToken)).ok(t)
	if tid := payload(t, guest.AccessToken)["tid"]; tid != emulator.FabrikamTenant {
		t.Errorf("tid is %v", tid)
	}
	bob := tokenRequest(t, s, passwordForm("bob@contoso.example")).ok(t)
	post(t, s, "/"+emulator.FabrikamTenant+"/oauth2/v2.0/token", refreshForm(bob.RefreshToken)).want(t, "invalid_grant", 90072)
}

func TestRefreshRefused(t *testing.T) {
	for _, c := range []struct {
		name, oauth string
		aadsts      int
		change      []string
		before      func(*emulator.Server, *clock) error
	}{
		{name: "unknown", oauth: "invalid_grant", aadsts: 70000, change: []string{"refresh_token", "guess"}},
		{name: "missing", oauth: "invalid_request", aadsts: 900144, change: []string{"refresh_token", ""}},
		{name: "other client", oauth: "invalid_grant", aadsts: 70000, change: []string{"client_id", emulator.AKSClient}},
		{name: "bad scope", oauth: "invalid_resource", aadsts: 500011, change: []string{"scope", "https://nobody.example/.default"}},
		{name: "expired", oauth: "invalid_grant", aadsts: 700082, before: func(_ *emulator.Server, at *clock) error {
			at.advance(90 * 24 * time.Hour)
			return nil
		}},
		{name: "revoked", oauth: "invalid_grant", aadsts: 50173, before: func(s *emulator.Server, _ *clock) error { return s.RevokeSessions(alice) }},
		{name: "password changed", oauth: "invalid_grant", aadsts: 50173, before: func(s *emulator.Server, _ *clock) error {
			return s.PasswordChanged(alice, "not-a-secret-either")
		}},
		{name: "user removed", oauth: "invalid_grant", aadsts: 50034, before: func(s *emulator.Server, _ *clock) error { return s.RemoveUser(alice) }},
		{name: "user disabled", oauth: "invalid_grant", aadsts: 50057, before: func(s *emulator.Server, _ *clock) error {
			return s.SetUser(emulator.User{Username: alice, Password: passwordOf(alice), Disabled: true})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			at := newClock()
			s := start(t, emulator.Options{Now: at.now})
			token := tokenRequest(t, s, passwordForm(alice)).ok(t).RefreshToken
			if c.before != nil {
				if err := c.before(s, at); err != nil {
					t.Fatal(err)
				}
			}
			tokenRequest(t, s, with(refreshForm(token), c.change...)).want(t, c.oauth, c.aadsts)
		})
	}
}

// A refusal for the request's own fault does not use the token up.
func TestRefusedRefreshKeepsToken(t *testing.T) {
	s := start(t, emulator.Options{})
	token := tokenRequest(t, s, passwordForm(alice)).ok(t).RefreshToken
	tokenRequest(t, s, with(refreshForm(token), "scope", "https://.default")).want(t, "invalid_scope", 70011)
	tokenRequest(t, s, with(refreshForm(token), "scope", "")).ok(t)
}
