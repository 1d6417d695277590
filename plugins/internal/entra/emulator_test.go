package entra

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

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
		if bytes.Contains(tok.State, []byte(tok.Secret.Reveal())) || bytes.Contains(tok.State, []byte("eyJ")) {
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

func TestSilentAtTheEmulator(t *testing.T) {
	arm := emulator.ARMResource + "/.default"
	for name, c := range map[string]struct {
		setUp  func(e *entratest.Emulator, req *sdk.Request)
		reason string // "" is success
		aadsts int
		check  func(t *testing.T, e *entratest.Emulator, tok *sdk.Token)
	}{
		"home tenant": {check: func(t *testing.T, _ *entratest.Emulator, tok *sdk.Token) {
			if got := claimsOf(t, tok.Secret.Reveal())["tid"]; got != emulator.ContosoTenant || tok.Account.Tenant != emulator.ContosoTenant {
				t.Errorf("tenant %v, account %+v", got, tok.Account)
			}
		}},
		"another tenant": {
			setUp: func(_ *entratest.Emulator, req *sdk.Request) { req.Tenant = emulator.FabrikamTenant },
			check: func(t *testing.T, _ *entratest.Emulator, tok *sdk.Token) {
				if got := claimsOf(t, tok.Secret.Reveal())["tid"]; got != emulator.FabrikamTenant || tok.Account.Tenant != emulator.ContosoTenant {
					t.Errorf("tenant %v, account %+v; want the other tenant and the home account", got, tok.Account)
				}
			},
		},
		"another scope": {
			setUp: func(_ *entratest.Emulator, req *sdk.Request) {
				req.Scopes = []string{emulator.GraphResource + "/User.Read"}
			},
			check: func(t *testing.T, _ *entratest.Emulator, tok *sdk.Token) {
				if len(tok.Scopes) == 0 {
					t.Error("no granted scopes")
				}
			},
		},
		"a tenant that does not exist": {
			setUp:  func(_ *entratest.Emulator, req *sdk.Request) { req.Tenant = "no-such.example" },
			reason: flowv1.ReasonInvalidRequest, aadsts: 90002,
		},
		"claims challenge": {
			setUp: func(_ *entratest.Emulator, req *sdk.Request) {
				req.Claims = `{"access_token":{"nbf":{"essential":true,"value":"1604106651"},"xms_cc":{"values":["cp1"]}}}`
			},
			check: func(t *testing.T, e *entratest.Emulator, _ *sdk.Token) {
				all := e.Requests()
				if got := all[len(all)-1].Claims; !strings.Contains(got, "1604106651") || !strings.Contains(got, "cp1") {
					t.Errorf("claims %s", got)
				}
			},
		},
		"renewal ahead of expiry": {check: func(t *testing.T, _ *entratest.Emulator, tok *sdk.Token) {
			if d := tok.ExpiresOn.Sub(time.Now()); d < 50*time.Minute || d > time.Hour {
				t.Errorf("expires in %v", d)
			}
		}},
		"ID token": {
			setUp: func(_ *entratest.Emulator, req *sdk.Request) { req.IDToken, req.Scopes = true, nil },
			check: func(t *testing.T, _ *entratest.Emulator, tok *sdk.Token) {
				claims := claimsOf(t, tok.Secret.Reveal())
				if claims["aud"] != emulator.AzureCLIClient || int64(claims["exp"].(float64)) != tok.ExpiresOn.Unix() {
					t.Errorf("claims %v, expires %v", claims, tok.ExpiresOn)
				}
			},
		},
		"sessions revoked": {
			setUp:  func(e *entratest.Emulator, _ *sdk.Request) { must(e.RevokeSessions(alice)) },
			reason: flowv1.ReasonInteractionRequired, aadsts: 50173,
		},
		"user removed": {
			setUp:  func(e *entratest.Emulator, _ *sdk.Request) { must(e.RemoveUser(alice)) },
			reason: flowv1.ReasonInteractionRequired, aadsts: 50034,
		},
		"unknown scope": {
			setUp:  func(_ *entratest.Emulator, req *sdk.Request) { req.Scopes = []string{"api://no-such-app/.default"} },
			reason: flowv1.ReasonInvalidScope, aadsts: 500011,
		},
		"throttled once": {
			setUp: func(e *entratest.Emulator, _ *sdk.Request) {
				e.AddFault(emulator.Fault{Endpoint: emulator.EndpointToken, Kind: emulator.FaultStatus429, RetryAfter: 3, Times: 1})
			},
			check: func(t *testing.T, e *entratest.Emulator, _ *sdk.Token) {
				if s := e.Clock.Sleeps(); len(s) != 1 || s[0] != 3*time.Second {
					t.Errorf("slept %v, want 3s", s)
				}
			},
		},
		"throttled": {
			setUp: func(e *entratest.Emulator, _ *sdk.Request) {
				e.AddFault(emulator.Fault{Endpoint: emulator.EndpointToken, Kind: emulator.FaultStatus429, RetryAfter: 120})
			},
			reason: flowv1.ReasonTemporarilyUnavailable, aadsts: 90055,
		},
		"down": {
			setUp: func(e *entratest.Emulator, _ *sdk.Request) {
				e.AddFault(emulator.Fault{Endpoint: emulator.EndpointToken, Kind: emulator.FaultStatus503})
			},
			reason: flowv1.ReasonTemporarilyUnavailable, aadsts: 90033,
		},
		"failing": {
			setUp: func(e *entratest.Emulator, _ *sdk.Request) {
				e.AddFault(emulator.Fault{Endpoint: emulator.EndpointToken, Kind: emulator.FaultStatus500})
			},
			reason: flowv1.ReasonTemporarilyUnavailable, aadsts: 50000,
		},
		"metadata down": {
			setUp: func(e *entratest.Emulator, _ *sdk.Request) {
				e.AddFault(emulator.Fault{Endpoint: emulator.EndpointDiscovery, Kind: emulator.FaultStatus503})
			},
			reason: flowv1.ReasonTemporarilyUnavailable, aadsts: 90033,
		},
		"reset once": {setUp: func(e *entratest.Emulator, _ *sdk.Request) {
			e.AddFault(emulator.Fault{Endpoint: emulator.EndpointToken, Kind: emulator.FaultReset, Times: 1})
		}},
		"reset": {
			setUp: func(e *entratest.Emulator, _ *sdk.Request) {
				e.AddFault(emulator.Fault{Endpoint: emulator.EndpointToken, Kind: emulator.FaultReset})
			},
			reason: flowv1.ReasonTemporarilyUnavailable,
		},
		"metadata truncated": {
			setUp: func(e *entratest.Emulator, _ *sdk.Request) {
				e.AddFault(emulator.Fault{Endpoint: emulator.EndpointDiscovery, Kind: emulator.FaultTruncated})
			},
			reason: flowv1.ReasonTemporarilyUnavailable,
		},
		"huge": {
			setUp: func(e *entratest.Emulator, _ *sdk.Request) {
				e.AddFault(emulator.Fault{Endpoint: emulator.EndpointToken, Kind: emulator.FaultHuge})
			},
			reason: flowv1.ReasonTemporarilyUnavailable,
		},
		"malformed": {
			setUp: func(e *entratest.Emulator, _ *sdk.Request) {
				e.AddFault(emulator.Fault{Endpoint: emulator.EndpointToken, Kind: emulator.FaultMalformed})
			},
			reason: flowv1.ReasonTemporarilyUnavailable,
		},
		"a proxy's page": {
			setUp: func(e *entratest.Emulator, _ *sdk.Request) {
				e.AddFault(emulator.Fault{Endpoint: emulator.EndpointToken, Kind: emulator.FaultNotJSON})
			},
			reason: flowv1.ReasonTemporarilyUnavailable,
		},
		"redirect": {
			setUp: func(e *entratest.Emulator, _ *sdk.Request) {
				e.AddFault(emulator.Fault{Endpoint: emulator.EndpointToken, Kind: emulator.FaultRedirect})
			},
			reason: flowv1.ReasonTemporarilyUnavailable,
		},
		"another CA": {
			setUp:  func(_ *entratest.Emulator, req *sdk.Request) { req.CABundle = nil },
			reason: flowv1.ReasonTemporarilyUnavailable,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := entratest.Start(t, emulator.Options{})
			req := signInAlice(t, e)
			e.ResetCounters()
			if c.setUp != nil {
				c.setUp(e, req)
			}
			tok, err := GetToken(t.Context(), req, noSignIn(t), WithClock(e.Clock))
			if e.Counters().Trapped != 0 {
				t.Error("a redirect was followed")
			}
			if c.reason != "" {
				entratest.WantError(t, err, c.reason, c.aadsts)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !req.IDToken && strings.HasSuffix(name, "tenant") && req.Scopes[0] == arm && len(tok.State) == 0 {
				t.Error("no state")
			}
			if c.check != nil {
				c.check(t, e, tok)
			}
		})
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
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
