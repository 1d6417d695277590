package entra

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/sdk"
)

func TestStateHoldsNoAccessToken(t *testing.T) {
	state := fakeState(t)
	if !bytes.Contains(state, []byte(canaryRT)) {
		t.Errorf("the state lacks the refresh token: %s", state)
	}
	for _, gone := range []string{canaryAT, "AccessToken", "IdToken", "eyJ"} {
		if bytes.Contains(state, []byte(gone)) {
			t.Errorf("the state holds %q: %s", gone, state)
		}
	}
}

// However many tenants and rotations, the state stays the same size.
func TestStateDoesNotGrow(t *testing.T) {
	state, first := fakeState(t), 0
	for i := range 20 {
		req := fakeRequest()
		req.State = state
		req.Tenant = fmt.Sprintf("tenant-%02d.example", i)
		rotated := fmt.Sprintf("%s-%02d", canaryRT, i)
		p := &provider{token: func(url.Values) reply { return reply{body: goodToken(map[string]any{"refresh_token": rotated})} }}
		tok, err := GetToken(t.Context(), req, noSignIn(t), withProvider(p))
		if err != nil {
			t.Fatal(err)
		}
		if state = tok.State; first == 0 {
			first = len(state)
		}
		if len(state) != first {
			t.Fatalf("after %d tenants the state has %d bytes, after one %d", i+1, len(state), first)
		}
		if !bytes.Contains(state, []byte(rotated)) {
			t.Fatalf("the rotated refresh token was not kept")
		}
	}
}

func TestForeignStateIsAbsent(t *testing.T) {
	good := fakeState(t)
	edit := func(change func(map[string]any)) []byte {
		var m map[string]any
		if err := json.Unmarshal(good, &m); err != nil {
			t.Fatal(err)
		}
		change(m)
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for name, c := range map[string]struct {
		state []byte
		req   func(*sdk.Request)
		want  string
	}{
		"as it was":          {state: good, want: fakeHome},
		"the same account":   {state: good, want: fakeHome, req: func(r *sdk.Request) { r.Account = &sdk.Account{ID: fakeHome} }},
		"another account":    {state: good, req: func(r *sdk.Request) { r.Account = &sdk.Account{ID: "uid-2.home-tenant"} }},
		"another client":     {state: good, req: func(r *sdk.Request) { r.ClientID = "client-2" }},
		"another cloud":      {state: good, req: func(r *sdk.Request) { r.Authority = "https://login.microsoftonline.us" }},
		"a newer version":    {state: edit(func(m map[string]any) { m["v"] = 2 })},
		"no account":         {state: edit(func(m map[string]any) { delete(m, "account") })},
		"no refresh token":   {state: edit(func(m map[string]any) { delete(m["msal"].(map[string]any), "RefreshToken") })},
		"no app metadata":    {state: edit(func(m map[string]any) { delete(m["msal"].(map[string]any), "AppMetadata") })},
		"msal is a number":   {state: edit(func(m map[string]any) { m["msal"] = 7 })},
		"not JSON":           {state: []byte("\x00\x01")},
		"empty":              {state: nil},
		"larger than a MiB":  {state: append(bytes.Repeat([]byte(" "), 1<<20), good...)},
		"cut":                {state: good[:len(good)/2]},
		"an array":           {state: []byte("[]")},
		"null":               {state: []byte("null")},
		"an entry is a list": {state: edit(func(m map[string]any) { m["msal"].(map[string]any)["RefreshToken"] = map[string]any{"k": []any{}} })},
	} {
		t.Run(name, func(t *testing.T) {
			req := fakeRequest()
			req.State = c.state
			if c.req != nil {
				c.req(req)
			}
			host := strings.TrimPrefix(req.Authority, "https://")
			if got := loadCache(req, host).account.ID; got != c.want {
				t.Errorf("account %q, want %q", got, c.want)
			}
		})
	}
}

// An entry that passes our reading but not MSAL's costs a sign-in, not an error
// that quotes it.
func TestStateThatMSALCannotRead(t *testing.T) {
	state := bytes.Replace(fakeState(t), []byte(`"credential_type":"RefreshToken"`), []byte(`"credential_type":{"x":1}`), 1)
	req := fakeRequest()
	req.State = state
	_, err := GetToken(t.Context(), req, noSignIn(t), withProvider(&provider{}))
	wantReason(t, err, "INTERACTION_REQUIRED")
}

// A state that is too large to keep costs the next sign-in, not this token.
func TestStateTooLarge(t *testing.T) {
	req := fakeRequest()
	req.State = fakeState(t)
	large := strings.Repeat("r", 1<<20-2000)
	p := &provider{token: func(url.Values) reply { return reply{body: goodToken(map[string]any{"refresh_token": large})} }}
	tok, err := GetToken(t.Context(), req, noSignIn(t), withProvider(p))
	if err != nil {
		t.Fatal(err)
	}
	if tok.Secret.Empty() || len(tok.State) > 1<<20 {
		t.Errorf("%d bytes of state", len(tok.State))
	}
	large = strings.Repeat("\u00e9", 1<<18)
	if state := (&cache{clientID: fakeClient, environment: fakeHost, msal: msalCache{
		RefreshToken: map[string]json.RawMessage{"k": json.RawMessage(fmt.Sprintf(`{"environment":%q,"client_id":%q,"home_account_id":"a.b","secret":%q}`, fakeHost, fakeClient, strings.Repeat(large, 3)))},
	}}).state(stateAccount{ID: "a.b"}); state != nil {
		t.Errorf("%d bytes of state, want none", len(state))
	}
}

func FuzzLoadCache(f *testing.F) {
	f.Add([]byte(`{"v":1,"client_id":"client-1","environment":"login.microsoftonline.com","account":{"id":"a.b"},"msal":{"RefreshToken":{"k":{"home_account_id":"a.b","environment":"login.microsoftonline.com","client_id":"client-1","secret":"s"}},"AppMetadata":{"m":{"environment":"login.microsoftonline.com","client_id":"client-1"}}}}`))
	f.Add([]byte(`{"v":1}`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, state []byte) {
		req := fakeRequest()
		req.State = state
		c := loadCache(req, fakeHost)
		if c.account.ID == "" {
			if len(c.msal.RefreshToken) != 0 {
				t.Error("tokens without an account")
			}
			return
		}
		// What was accepted survives a round.
		req.State = c.state(c.account)
		if again := loadCache(req, fakeHost); again.account != c.account || len(again.msal.RefreshToken) != len(c.msal.RefreshToken) {
			t.Errorf("%q became %q", state, req.State)
		}
	})
}
