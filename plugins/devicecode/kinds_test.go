package devicecode

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authlatch/authlatch/emulator"
	"github.com/authlatch/authlatch/plugins/internal/entra"
	"github.com/authlatch/authlatch/plugins/internal/entra/entratest"
	"github.com/authlatch/authlatch/sdk"
)

// What the person sees, what is sent, and what the second call costs.
func TestDeviceCodeEndToEnd(t *testing.T) {
	e := entratest.Start(t, emulator.Options{})
	w := &world{t: t, e: e, req: e.Request(), p: &entratest.Prompter{T: t}}
	w.req.Claims = `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`
	w.p.OnDevice = func(d sdk.DeviceAuthorization) error { w.shown = d; return nil }
	w.enters(alice, 0)
	f := flow{opts: []entra.Option{entra.WithClock(e.Clock)}}
	tok, err := f.GetToken(t.Context(), w.req, w.p)
	if err != nil {
		t.Fatal(err)
	}
	if d := w.shown; d.UserCode == "" || !strings.HasPrefix(d.VerificationURI, e.URL()) || d.ExpiresIn != 15*time.Minute || d.Interval != 5*time.Second || !strings.Contains(d.Message, d.UserCode) {
		t.Errorf("shown %+v", d)
	}
	if tok.Account.Username != alice || tok.Account.Tenant != emulator.ContosoTenant {
		t.Errorf("account %+v", tok.Account)
	}
	asked := 0
	for _, r := range e.Requests() {
		if r.Endpoint == emulator.EndpointDeviceCode || r.GrantType != "" {
			asked++
			if !strings.Contains(r.Claims, `"acrs"`) || !strings.Contains(r.Claims, "cp1") {
				t.Errorf("%s was sent claims %q", r.Endpoint, r.Claims)
			}
		}
	}
	if asked != 2 {
		t.Errorf("%d requests, want one for the code and one for the token", asked)
	}

	again := e.Request()
	again.Mode, again.State, again.Account = sdk.Never, tok.State, &tok.Account
	e.ResetCounters()
	if _, err := f.GetToken(t.Context(), again, &entratest.Prompter{T: t}); err != nil {
		t.Fatal(err)
	}
	if c := e.Counters(); c.Token["refresh_token"] != 1 || c.Prompts != 0 || c.DeviceCode != 0 {
		t.Errorf("counters %+v, want one refresh and nothing else", c)
	}
}

// A refusal that a person can resolve asks; the sign-in carries its claims.
func TestAskedAfterRefusal(t *testing.T) {
	e := entratest.Start(t, emulator.Options{})
	w := &world{t: t, e: e, req: e.Request(), p: &entratest.Prompter{T: t}}
	w.p.OnDevice = func(d sdk.DeviceAuthorization) error { w.shown = d; return nil }
	w.enters(alice, 0)
	f := flow{opts: []entra.Option{entra.WithClock(e.Clock)}}
	tok, err := f.GetToken(t.Context(), w.req, w.p)
	if err != nil {
		t.Fatal(err)
	}
	e.AddFault(emulator.Fault{Endpoint: emulator.EndpointToken, Grant: "refresh_token", Error: "interaction_required", AADSTS: 50076, Claims: `{"access_token":{"acrs":{"value":"c9"}}}`})
	next := e.Request()
	next.State, next.Account = tok.State, &tok.Account
	w.enters(alice, 0)
	e.ResetCounters()
	if tok, err = f.GetToken(t.Context(), next, w.p); err != nil {
		t.Fatal(err)
	}
	all := e.Requests()
	if !slices.ContainsFunc(all, func(r emulator.Request) bool {
		return r.Endpoint == emulator.EndpointDeviceCode && strings.Contains(r.Claims, "c9")
	}) {
		t.Error("the sign-in did not carry what the refusal asked for")
	}
	if len(tok.State) == 0 {
		t.Error("no state")
	}
}

// Bound tokens and ID tokens come from a device code as well.
func TestDeviceCodeKinds(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*sdk.Request)
		kind   string
	}{
		"bound":    {func(r *sdk.Request) { r.TokenType, r.ReqCnf, r.KeyID = "pop", "eyJraWQiOiJrIn0", "k" }, "pop"},
		"ID token": {func(r *sdk.Request) { r.IDToken, r.Scopes = true, nil }, "Bearer"},
	} {
		t.Run(name, func(t *testing.T) {
			e := entratest.Start(t, emulator.Options{})
			w := &world{t: t, e: e, req: e.Request(), p: &entratest.Prompter{T: t}}
			w.p.OnDevice = func(d sdk.DeviceAuthorization) error { w.shown = d; return nil }
			w.enters(alice, 0)
			c.change(w.req)
			tok, err := flow{opts: []entra.Option{entra.WithClock(e.Clock)}}.GetToken(t.Context(), w.req, w.p)
			if err != nil {
				t.Fatal(err)
			}
			if tok.TokenType != c.kind || tok.Secret.Empty() {
				t.Errorf("type %q", tok.TokenType)
			}
		})
	}
}

// An old host that knows no device authorizations still gets the code across.
func TestOldHost(t *testing.T) {
	e := entratest.Start(t, emulator.Options{})
	w := &world{t: t, e: e, req: e.Request(), p: &entratest.Prompter{T: t}}
	w.p.OnDevice = func(d sdk.DeviceAuthorization) error { w.shown = d; return sdk.ErrUnsupported }
	w.enters(alice, 0)
	if _, err := (flow{opts: []entra.Option{entra.WithClock(e.Clock)}}).GetToken(t.Context(), w.req, w.p); err != nil {
		t.Fatal(err)
	}
	if len(w.p.Notices) != 1 || !strings.Contains(w.p.Notices[0], w.shown.UserCode) || !strings.Contains(w.p.Notices[0], w.shown.VerificationURI) {
		t.Errorf("notices %q", w.p.Notices)
	}
}

func TestDescribe(t *testing.T) {
	d := New().Describe()
	if d.Name != "devicecode" || d.Version == "" || !slices.Equal(d.Features, []string{"entra", "pop", "id_token"}) || len(d.Options) != 1 {
		t.Errorf("%+v", d)
	}
}
