package entra

import (
	"strings"
	"testing"
	"time"

	"github.com/authlatch/authlatch/emulator"
	"github.com/authlatch/authlatch/plugins/internal/entra/entratest"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
	"github.com/authlatch/authlatch/sdk"
)

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
			if d := time.Until(tok.ExpiresOn); d < 50*time.Minute || d > time.Hour {
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
			reason: flowv1.ReasonUntrustedCertificate,
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
