package entra

import (
	"net/url"
	"strings"
	"testing"

	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
	"github.com/authlatch/authlatch/sdk"
)

// Who may sign in for a request that names somebody.
func TestAnotherUser(t *testing.T) {
	const alice, bob = "alice@contoso.example", "bob@contoso.example"
	named := func(claims map[string]any) map[string]any {
		claims["aud"], claims["oid"], claims["tid"], claims["sub"], claims["exp"] = fakeClient, "uid-1", "home-tenant", "sub-1", 4102444800
		return map[string]any{"id_token": jwt(claims)}
	}
	nobody, none := named(map[string]any{}), map[string]any{"id_token": nil}
	same, other := &sdk.Account{ID: fakeHome}, &sdk.Account{ID: "uid-2.home-tenant"}
	for name, c := range map[string]struct {
		username string
		account  *sdk.Account
		answer   map[string]any // what is different in it
		refused  string         // what the refusal says; "" if there is none
	}{
		"nobody asked for":                             {},
		"nobody asked for, nobody named":               {answer: nobody},
		"the same":                                     {username: "Alice@Contoso.example"},
		"the same by upn":                              {username: alice, answer: named(map[string]any{"upn": alice})},
		"another":                                      {username: bob, refused: alice + " signed in, but username is " + bob},
		"an alias of the account":                      {username: "a.example@contoso.example", account: same},
		"another than the account's user":              {username: bob, account: other, refused: alice + " signed in, but username is " + bob},
		"nobody named":                                 {username: alice, answer: nobody, refused: "does not say who signed in, but username is " + alice},
		"nobody named, another account":                {username: alice, account: other, answer: nobody, refused: "does not say who signed in"},
		"nobody named, an account without an id":       {username: alice, account: &sdk.Account{}, answer: nobody, refused: "does not say who signed in"},
		"nobody named, the account":                    {username: alice, account: same, answer: nobody},
		"the same by email, which anybody can claim":   {username: alice, answer: named(map[string]any{"email": alice}), refused: "does not say who signed in"},
		"another, with the email of who was asked for": {username: alice, answer: named(map[string]any{"email": alice, "preferred_username": bob}), refused: bob + " signed in"},
		"no ID token":                                  {username: alice, answer: none, refused: "does not say who signed in"},
		"no ID token, the account":                     {username: alice, account: same, answer: none, refused: "does not say who signed in"}, // MSAL gives it no id
	} {
		t.Run(name, func(t *testing.T) {
			req := fakeRequest()
			req.Mode, req.Username, req.Account = sdk.Force, c.username, c.account
			_, err := GetToken(t.Context(), req, signInBy, withProvider(&provider{token: func(url.Values) reply { return reply{body: goodToken(c.answer)} }}))
			if c.refused == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if e := wantReason(t, err, flowv1.ReasonAccessDenied); !strings.Contains(e.Message, c.refused) {
				t.Errorf("message %q, want %q in it", e.Message, c.refused)
			}
		})
	}
}

// The email claim does not become an account's name either.
func TestAccountIsNotNamedByEmail(t *testing.T) {
	req := fakeRequest()
	req.Mode = sdk.Force
	answer := goodToken(map[string]any{"id_token": jwt(map[string]any{"aud": fakeClient, "exp": 4102444800, "oid": "uid-1", "tid": "home-tenant", "sub": "sub-1", "email": "alice@contoso.example"})})
	tok, err := GetToken(t.Context(), req, signInBy, withProvider(&provider{token: func(url.Values) reply { return reply{body: answer} }}))
	if err != nil {
		t.Fatal(err)
	}
	if tok.Account.Username != "" || tok.Account.ID != fakeHome {
		t.Errorf("account %+v", tok.Account)
	}
}
