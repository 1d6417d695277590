package entra

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/emulator"
	"github.com/authlatch/authlatch/plugins/internal/entra/entratest"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
	"github.com/authlatch/authlatch/sdk"
)

const alice = "alice@contoso.example"

// signInAlice signs alice in by password and returns a NEVER request with her state.
func signInAlice(t *testing.T, e *entratest.Emulator) *sdk.Request {
	t.Helper()
	req := e.Request()
	req.Mode = sdk.Force
	tok, err := GetToken(t.Context(), req, func(ctx context.Context, c *Client) (*sdk.Token, error) {
		return c.Password(ctx, alice, sdk.NewSecret(entratest.Password(alice)))
	})
	if err != nil {
		t.Fatal(err)
	}
	next := e.Request()
	next.Mode, next.State, next.Account = sdk.Never, tok.State, &tok.Account
	return next
}

// claimsOf reads a JWT without judging it.
func claimsOf(t *testing.T, jwt string) map[string]any {
	t.Helper()
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		t.Fatalf("%d parts, want a JWT", len(parts))
	}
	b, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(b, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

// Refresh tokens rotate: each state is good once, and an old one ends the family.
func TestRefreshRotates(t *testing.T) {
	e := entratest.Start(t, emulator.Options{})
	req := signInAlice(t, e)
	first := req.State
	for i := range 3 {
		tok, err := GetToken(t.Context(), req, noSignIn(t))
		if err != nil {
			t.Fatalf("refresh %d: %v", i+1, err)
		}
		if bytes.Equal(tok.State, req.State) {
			t.Error("the state did not change")
		}
		if bytes.Contains(tok.State, []byte(tok.Secret.Reveal())) || entratest.HasJWT(tok.State) {
			t.Error("the state holds an access or ID token")
		}
		if tok.Account != *req.Account {
			t.Errorf("account %+v became %+v", *req.Account, tok.Account)
		}
		req.State = tok.State
	}
	if n := e.Counters().Issued["refresh_token"]; n != 3 {
		t.Errorf("%d refreshes, want 3", n)
	}
	req.State = first
	_, err := GetToken(t.Context(), req, noSignIn(t))
	if got := entratest.WantError(t, err, flowv1.ReasonInteractionRequired, aadstsOf(err)); got.AADSTS == 0 {
		t.Error("the AADSTS number was lost")
	}
}

func aadstsOf(err error) int {
	e, _ := err.(*sdk.Error) //nolint:errorlint // for the message of a failure only
	if e == nil {
		return 0
	}
	return e.AADSTS
}

// The access token is bound to the host's key.
func TestBoundTokenAtTheEmulator(t *testing.T) {
	e := entratest.Start(t, emulator.Options{})
	req := signInAlice(t, e)
	req.TokenType, req.KeyID = "pop", "key-1"
	req.ReqCnf = base64.RawURLEncoding.EncodeToString([]byte(`{"kid":"key-1"}`))
	tok, err := GetToken(t.Context(), req, noSignIn(t))
	if err != nil {
		t.Fatal(err)
	}
	cnf, _ := claimsOf(t, tok.Secret.Reveal())["cnf"].(map[string]any)
	if tok.TokenType != "pop" || cnf["kid"] != "key-1" {
		t.Errorf("type %q, cnf %v", tok.TokenType, cnf)
	}
}

// A code is sent once, whatever becomes of the answer.
func TestAuthCodeIsSentOnce(t *testing.T) {
	for _, kind := range []emulator.FaultKind{emulator.FaultTruncated, emulator.FaultReset, emulator.FaultStatus503} {
		t.Run(string(kind), func(t *testing.T) {
			e := entratest.Start(t, emulator.Options{})
			e.AddFault(emulator.Fault{Endpoint: emulator.EndpointToken, Kind: kind})
			req := e.Request()
			req.Mode = sdk.Force
			_, err := GetToken(t.Context(), req, signInBy, WithClock(e.Clock))
			wantReason(t, err, flowv1.ReasonTemporarilyUnavailable)
			if n := e.Counters().Token["authorization_code"]; n != 1 {
				t.Errorf("the code was sent %d times", n)
			}
		})
	}
}
