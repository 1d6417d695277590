package browser

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/emulator"
	"github.com/authlatch/authlatch/plugins/internal/entra/entratest"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
	"github.com/authlatch/authlatch/sdk"
)

func TestSignIn(t *testing.T) {
	e := entratest.Start(t, emulator.Options{})
	p := at(t, e, alice)
	req := e.Request()
	req.Username = alice
	req.Options = map[string]string{optionDomainHint: "contoso.example"}
	tok, err := getToken(t, e, req, p)
	if err != nil {
		t.Fatal(err)
	}
	if c := claimsOf(t, tok.Secret); c["tid"] != emulator.ContosoTenant || c["aud"] != emulator.ARMResource {
		t.Errorf("claims %v", c)
	}
	if tok.Account.Username != alice || tok.Account.Tenant != emulator.ContosoTenant || tok.TokenType != "Bearer" || tok.ExpiresOn.IsZero() {
		t.Errorf("account %+v, type %s, expires %v", tok.Account, tok.TokenType, tok.ExpiresOn)
	}
	if len(tok.State) == 0 || bytes.Contains(tok.State, []byte(tok.Secret.Reveal())) || entratest.HasJWT(tok.State) {
		t.Error("the state is empty or holds an access or ID token")
	}
	q := p.query(t, 0)
	for name, want := range map[string]string{
		"response_type": "code", "response_mode": "form_post", "code_challenge_method": "S256", "prompt": "select_account",
		"login_hint": alice, "domain_hint": "contoso.example", "claims": `{"access_token":{"xms_cc":{"values":["cp1"]}}}`,
	} {
		if q.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, q.Get(name), want)
		}
	}
	if len(q.Get("state")) != 43 || len(q.Get("code_challenge")) != 43 {
		t.Errorf("state %q and challenge %q are not of 256 bits", q.Get("state"), q.Get("code_challenge"))
	}
	if !strings.Contains(p.pages[0], signedIn) {
		t.Errorf("the person was shown %q", p.pages[0])
	}
	if c := e.Counters(); c.Prompts != 1 || c.Issued["authorization_code"] != 1 || c.Token["refresh_token"] != 0 {
		t.Errorf("counters %+v", c)
	}
}

// Every sign-in has a state, verifier and port of its own.
func TestNothingIsReused(t *testing.T) {
	e := entratest.Start(t, emulator.Options{})
	p := at(t, e, alice)
	for range 2 {
		req := e.Request()
		req.Mode = sdk.Force
		if _, err := getToken(t, e, req, p); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"state", "code_challenge"} {
		if p.query(t, 0).Get(name) == p.query(t, 1).Get(name) {
			t.Errorf("%s was used twice", name)
		}
	}
}

// After the sign-in the state alone does it, rotating at each redemption.
func TestSilent(t *testing.T) {
	e := entratest.Start(t, emulator.Options{})
	tok, err := getToken(t, e, e.Request(), at(t, e, alice))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		req := e.Request()
		req.Mode, req.State, req.Account = sdk.Never, tok.State, &tok.Account
		next, err := getToken(t, e, req, &entratest.Prompter{T: t})
		if err != nil {
			t.Fatalf("refresh %d: %v", i+1, err)
		}
		if bytes.Equal(next.State, tok.State) || next.Secret == tok.Secret || next.Account != tok.Account {
			t.Errorf("refresh %d: the token or state did not change, or the account did: %+v", i+1, next.Account)
		}
		tok = next
	}
	if c := e.Counters(); c.Prompts != 1 || c.Issued["refresh_token"] != 3 {
		t.Errorf("counters %+v", c)
	}
}

func TestModes(t *testing.T) {
	e := entratest.Start(t, emulator.Options{})
	never := e.Request()
	never.Mode = sdk.Never
	_, err := getToken(t, e, never, &entratest.Prompter{T: t})
	entratest.WantError(t, err, flowv1.ReasonInteractionRequired, 0)

	tok, err := getToken(t, e, e.Request(), at(t, e, alice))
	if err != nil {
		t.Fatal(err)
	}
	force := e.Request()
	force.Mode, force.State, force.Account = sdk.Force, tok.State, &tok.Account
	if _, err := getToken(t, e, force, at(t, e, alice)); err != nil {
		t.Fatal(err)
	}
	if c := e.Counters(); c.Prompts != 2 || c.Token["refresh_token"] != 0 {
		t.Errorf("counters %+v, want a second prompt and no refresh", c)
	}
}

// What the provider wants on refusing a refresh is carried to the page, and what
// a resource wants (CAE) too.
func TestClaimsChallenge(t *testing.T) {
	const policy, resource = `{"access_token":{"capolids":{"essential":true,"values":["p1"]}}}`, `{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}`
	e := entratest.Start(t, emulator.Options{})
	tok, err := getToken(t, e, e.Request(), at(t, e, alice))
	if err != nil {
		t.Fatal(err)
	}
	e.AddFault(emulator.Fault{Endpoint: emulator.EndpointToken, Grant: "refresh_token", Error: "invalid_grant", AADSTS: 50076, Suberror: "basic_action", Claims: policy})
	req := e.Request()
	req.Claims, req.State, req.Account = resource, tok.State, &tok.Account

	silent := *req
	silent.Mode = sdk.Never
	_, err = getToken(t, e, &silent, &entratest.Prompter{T: t})
	if got := entratest.WantError(t, err, flowv1.ReasonInteractionRequired, 50076); got.Claims != policy {
		t.Errorf("claims %q", got.Claims)
	}

	p := at(t, e, alice)
	if _, err := getToken(t, e, req, p); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"capolids", "1604106651", "cp1"} {
		if got := p.query(t, 0).Get("claims"); !strings.Contains(got, want) {
			t.Errorf("claims %s lack %s", got, want)
		}
	}
	requests := e.Requests()
	if last := requests[len(requests)-1]; last.GrantType != "authorization_code" || !strings.Contains(last.Claims, "capolids") {
		t.Errorf("the last request was %+v", last)
	}
}

// One sign-in serves the tenants where the person is a guest.
func TestAnotherTenant(t *testing.T) {
	e := entratest.Start(t, emulator.Options{})
	req := e.Request()
	req.Tenant = emulator.FabrikamTenant
	tok, err := getToken(t, e, req, at(t, e, alice))
	if err != nil {
		t.Fatal(err)
	}
	if got := claimsOf(t, tok.Secret)["tid"]; got != emulator.FabrikamTenant || tok.Account.Tenant != emulator.ContosoTenant {
		t.Errorf("tenant %v, account %+v", got, tok.Account)
	}
	home := e.Request()
	home.Mode, home.Tenant, home.State, home.Account = sdk.Never, emulator.ContosoTenant, tok.State, &tok.Account
	tok, err = getToken(t, e, home, &entratest.Prompter{T: t})
	if err != nil {
		t.Fatal(err)
	}
	if got := claimsOf(t, tok.Secret)["tid"]; got != emulator.ContosoTenant {
		t.Errorf("tenant %v", got)
	}
}

func TestOtherTokens(t *testing.T) {
	e := entratest.Start(t, emulator.Options{})
	t.Run("ID token", func(t *testing.T) {
		req := e.Request()
		req.IDToken, req.Scopes = true, nil
		tok, err := getToken(t, e, req, at(t, e, alice))
		if err != nil {
			t.Fatal(err)
		}
		if c := claimsOf(t, tok.Secret); c["aud"] != emulator.AzureCLIClient || c["preferred_username"] != alice {
			t.Errorf("claims %v", c)
		}
	})
	t.Run("bound to a key", func(t *testing.T) {
		req := e.Request()
		req.TokenType, req.KeyID, req.ReqCnf = "pop", "key-1", base64.RawURLEncoding.EncodeToString([]byte(`{"kid":"key-1"}`))
		tok, err := getToken(t, e, req, at(t, e, alice))
		if err != nil {
			t.Fatal(err)
		}
		if cnf, _ := claimsOf(t, tok.Secret)["cnf"].(map[string]any); tok.TokenType != "pop" || cnf["kid"] != "key-1" {
			t.Errorf("type %s, cnf %v", tok.TokenType, cnf)
		}
	})
}

// The page can ask for what the other flows cannot.
func TestWhatOnlyAPageCanAsk(t *testing.T) {
	for _, username := range []string{"mfa@contoso.example", "noconsent@contoso.example", "fed@contoso.example"} {
		t.Run(username, func(t *testing.T) {
			e := entratest.Start(t, emulator.Options{})
			p := at(t, e, username)
			tok, err := getToken(t, e, e.Request(), p)
			if err != nil {
				t.Fatal(err)
			}
			if tok.Account.Username != username || !strings.Contains(p.pages[0], signedIn) {
				t.Errorf("account %+v, page %q", tok.Account, p.pages[0])
			}
		})
	}
}

func TestDescribe(t *testing.T) {
	d := New().Describe()
	if d.Name != "browser" || d.Version == "" || !slices.Equal(d.Features, []string{flowv1.FeatureEntra, flowv1.FeaturePoP, flowv1.FeatureIDToken}) {
		t.Errorf("%+v", d)
	}
	for _, o := range d.Options {
		if o.Help == "" || strings.ContainsAny(o.Help, "\r\n") || o.Required || o.Secret {
			t.Errorf("%+v", o)
		}
		if o.Default == "" {
			continue
		}
		if _, err := readSettings(&sdk.Request{Options: map[string]string{o.Name: o.Default}}); err != nil {
			t.Errorf("default of %s: %v", o.Name, err)
		}
	}
}
