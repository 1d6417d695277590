package password

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/authlatch/authlatch/emulator"
	"github.com/authlatch/authlatch/plugins/internal/entra"
	"github.com/authlatch/authlatch/plugins/internal/entra/entratest"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
	"github.com/authlatch/authlatch/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const alice = "alice@contoso.example"

func TestPassword(t *testing.T) {
	const tokens = emulator.EndpointToken
	fault := func(endpoint string, kind emulator.FaultKind, n int) func(*entratest.Emulator, *sdk.Request) {
		return func(e *entratest.Emulator, _ *sdk.Request) {
			e.AddFault(emulator.Fault{Endpoint: endpoint, Kind: kind, Times: n})
		}
	}
	for name, c := range map[string]struct {
		username string // alice if empty
		password string // the right one if empty
		setUp    func(*entratest.Emulator, *sdk.Request)
		reason   string // "" is success
		aadsts   int
		says     string
	}{
		"managed":      {},
		"another case": {username: "Alice@Contoso.example"},
		"federated":    {username: "fed@contoso.example"},
		"one tenant":   {setUp: func(_ *entratest.Emulator, r *sdk.Request) { r.Tenant = emulator.ContosoDomain }},
		"as a guest":   {setUp: func(_ *entratest.Emulator, r *sdk.Request) { r.Tenant = emulator.FabrikamTenant }},
		"bound": {setUp: func(_ *entratest.Emulator, r *sdk.Request) {
			r.TokenType, r.ReqCnf, r.KeyID = "pop", "eyJraWQiOiJrIn0", "k"
		}},
		"ID token":                      {setUp: func(_ *entratest.Emulator, r *sdk.Request) { r.IDToken, r.Scopes = true, nil }},
		"wrong password":                {password: "not-a-secret-wrong", reason: flowv1.ReasonInvalidGrant, aadsts: 50126, says: "wrong user name or password"},
		"wrong password, federated":     {username: "fed@contoso.example", password: "not-a-secret-wrong", reason: flowv1.ReasonInvalidGrant, says: "wrong user name or password"},
		"second factor":                 {username: "mfa@contoso.example", reason: flowv1.ReasonMFARequired, aadsts: 50076, says: "use the browser flow"},
		"no consent":                    {username: "noconsent@contoso.example", reason: flowv1.ReasonConsentRequired, aadsts: 65001, says: "nobody has consented"},
		"personal account":              {username: "msa@outlook.example", reason: flowv1.ReasonInvalidGrant, aadsts: 50020, says: "personal accounts"},
		"personal accounts only":        {setUp: func(_ *entratest.Emulator, r *sdk.Request) { r.Tenant = "consumers" }, reason: flowv1.ReasonInvalidRequest, says: "personal accounts"},
		"every kind of account":         {setUp: func(_ *entratest.Emulator, r *sdk.Request) { r.Tenant = "common" }, reason: flowv1.ReasonInvalidRequest, aadsts: 9001023},
		"unknown domain":                {username: "somebody@elsewhere.example", password: "not-a-secret-x", reason: flowv1.ReasonInvalidGrant, says: "no work or school account"},
		"disabled":                      {username: "disabled@contoso.example", reason: flowv1.ReasonInvalidGrant, aadsts: 50057},
		"device policy":                 {username: "device@contoso.example", reason: flowv1.ReasonDeviceRequired, aadsts: 53000},
		"no such user":                  {username: "nobody@contoso.example", reason: flowv1.ReasonInvalidGrant, aadsts: 50034},
		"a stranger":                    {username: "bob@contoso.example", setUp: func(_ *entratest.Emulator, r *sdk.Request) { r.Tenant = emulator.FabrikamTenant }, reason: flowv1.ReasonInvalidGrant, aadsts: 50020, says: "does not belong to this tenant"},
		"throttled once":                {setUp: fault(tokens, emulator.FaultStatus429, 1)},
		"down for a moment":             {setUp: fault(emulator.EndpointUserRealm, emulator.FaultStatus503, 1)},
		"down":                          {setUp: fault(tokens, emulator.FaultStatus503, 0), reason: flowv1.ReasonTemporarilyUnavailable, aadsts: 90033},
		"realm broke off":               {setUp: fault(emulator.EndpointUserRealm, emulator.FaultTruncated, 0), reason: flowv1.ReasonTemporarilyUnavailable, says: "broke off"},
		"token broke off":               {setUp: fault(tokens, emulator.FaultTruncated, 0), reason: flowv1.ReasonTemporarilyUnavailable, says: "broke off"},
		"malformed":                     {setUp: fault(tokens, emulator.FaultMalformed, 0), reason: flowv1.ReasonTemporarilyUnavailable, says: "cannot be understood"},
		"huge":                          {setUp: fault(tokens, emulator.FaultHuge, 0), reason: flowv1.ReasonTemporarilyUnavailable, says: "larger than"},
		"redirect":                      {setUp: fault(tokens, emulator.FaultRedirect, 0), reason: flowv1.ReasonTemporarilyUnavailable, says: "never followed"},
		"redirect, federated":           {username: "fed@contoso.example", setUp: fault(emulator.EndpointWSTrust, emulator.FaultRedirect, 0), reason: flowv1.ReasonTemporarilyUnavailable},
		"federation is down":            {username: "fed@contoso.example", setUp: fault(emulator.EndpointWSTrust, emulator.FaultStatus503, 0), reason: flowv1.ReasonTemporarilyUnavailable, says: "the organization's own server"},
		"federation's answer is no XML": {username: "fed@contoso.example", setUp: fault(emulator.EndpointWSTrust, emulator.FaultNotJSON, 0), reason: flowv1.ReasonTemporarilyUnavailable, says: "cannot be understood"},
		"another CA":                    {setUp: func(_ *entratest.Emulator, r *sdk.Request) { r.CABundle = nil }, reason: flowv1.ReasonUntrustedCertificate, says: "is not trusted"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := entratest.Start(t, emulator.Options{})
			req := e.Request()
			if req.Username = c.username; req.Username == "" {
				req.Username = alice
			}
			secret := c.password
			if secret == "" {
				secret = entratest.Password(strings.ToLower(req.Username))
			}
			p := &entratest.Prompter{T: t, Secrets: map[string]string{"password": secret}}
			if c.setUp != nil {
				c.setUp(e, req)
			}
			tok, err := flow{opts: []entra.Option{entra.WithClock(e.Clock)}}.GetToken(t.Context(), req, p)
			if e.Counters().Trapped != 0 {
				t.Error("a redirect was followed with the password in it")
			}
			if c.reason != "" {
				if got := entratest.WantError(t, err, c.reason, c.aadsts); !strings.Contains(got.Message, c.says) {
					t.Errorf("message %q, want %q in it", got.Message, c.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if tok.Secret.Empty() || len(tok.State) == 0 || !strings.EqualFold(tok.Account.Username, req.Username) || tok.Account.Tenant != emulator.ContosoTenant {
				t.Errorf("account %+v, %d bytes of state", tok.Account, len(tok.State))
			}
			if len(p.Notices) != 1 || !strings.Contains(p.Notices[0], "discouraged") {
				t.Errorf("notices %q, want one that says it is discouraged", p.Notices)
			}
		})
	}
}

// Only the host gives user name and password, and only when they are needed.
func TestWhatIsAsked(t *testing.T) {
	e := entratest.Start(t, emulator.Options{})
	f := flow{opts: []entra.Option{entra.WithClock(e.Clock)}}
	t.Setenv("AZURE_PASSWORD", "not-a-secret-from-the-environment")

	p := &entratest.Prompter{T: t, Inputs: map[string]string{"username": alice}, Secrets: map[string]string{"password": entratest.Password(alice)}}
	tok, err := f.GetToken(t.Context(), e.Request(), p)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(p.Asked, []string{"username", "password"}) {
		t.Errorf("asked %q", p.Asked)
	}

	silent := e.Request()
	silent.State, silent.Account = tok.State, &tok.Account
	p = &entratest.Prompter{T: t}
	if _, err := f.GetToken(t.Context(), silent, p); err != nil || len(p.Notices)+len(p.Asked) != 0 {
		t.Errorf("with a state: error %v, notices %q, asked %q", err, p.Notices, p.Asked)
	}

	never := e.Request()
	never.Mode, never.Username = sdk.Never, alice
	p = &entratest.Prompter{T: t}
	_, err = f.GetToken(t.Context(), never, p)
	entratest.WantError(t, err, flowv1.ReasonInteractionRequired, 0)
	if len(p.Notices)+len(p.Asked) != 0 {
		t.Errorf("never: notices %q, asked %q", p.Notices, p.Asked)
	}

	empty := e.Request()
	empty.Username = alice
	_, err = f.GetToken(t.Context(), empty, &entratest.Prompter{T: t, Secrets: map[string]string{"password": ""}})
	entratest.WantError(t, err, flowv1.ReasonInvalidRequest, 0)
}

// A host that cannot show the notice still gets the token; one whose person
// declines does not.
func TestNoticeOutcomes(t *testing.T) {
	e := entratest.Start(t, emulator.Options{})
	f := flow{opts: []entra.Option{entra.WithClock(e.Clock)}}
	for notice, want := range map[error]error{sdk.ErrUnsupported: nil, sdk.ErrUnavailable: nil, sdk.ErrDeclined: sdk.ErrDeclined, context.Canceled: context.Canceled} {
		req := e.Request()
		req.Username = alice
		p := &entratest.Prompter{T: t, NoticeErr: notice, Secrets: map[string]string{"password": entratest.Password(alice)}}
		if _, err := f.GetToken(t.Context(), req, p); !errors.Is(err, want) {
			t.Errorf("notice ended with %v: error %v, want %v", notice, err, want)
		}
	}
}

// A federated user's password goes to the organization's server and nowhere else.
func TestFederatedPasswordIsNotSentToEntra(t *testing.T) {
	e := entratest.Start(t, emulator.Options{})
	req := e.Request()
	req.Username = "fed@contoso.example"
	p := &entratest.Prompter{T: t, Secrets: map[string]string{"password": entratest.Password(req.Username)}}
	if _, err := (flow{}).GetToken(t.Context(), req, p); err != nil {
		t.Fatal(err)
	}
	for _, r := range e.Requests() {
		if r.Endpoint == emulator.EndpointToken && slices.Contains(r.Keys, "password") {
			t.Errorf("%s was sent %q", r.Path, r.Keys)
		}
	}
	if e.Counters().WSTrust == 0 {
		t.Error("WS-Trust was not used")
	}
}

func TestDescribe(t *testing.T) {
	d := New().Describe()
	if d.Name != "password" || d.Version == "" || !slices.Equal(d.Features, []string{"entra", "pop", "id_token"}) || len(d.Options) != 0 {
		t.Errorf("%+v", d)
	}
}
