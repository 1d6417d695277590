package devicecode

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/authlatch/authlatch/emulator"
	"github.com/authlatch/authlatch/plugins/internal/entra"
	"github.com/authlatch/authlatch/plugins/internal/entra/entratest"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
	"github.com/authlatch/authlatch/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const alice = "alice@contoso.example"

// world is what a case may change before the sign-in.
type world struct {
	e      *entratest.Emulator
	req    *sdk.Request
	p      *entratest.Prompter
	cancel context.CancelFunc
	shown  sdk.DeviceAuthorization
	t      *testing.T
}

// enters makes a user enter the code once the flow has waited for so long.
func (w *world) enters(username string, after time.Duration) { w.acts(username, after, false) }

func (w *world) acts(username string, after time.Duration, decline bool) {
	person, done := w.e.Person(username), false
	w.e.Clock.OnSleep = func(total time.Duration) {
		if done || total < after || w.shown.UserCode == "" {
			return
		}
		done = true
		act := person.EnterCode
		if decline {
			act = person.DeclineCode
		}
		if err := act(context.Background(), w.shown.VerificationURI, w.shown.UserCode); err != nil {
			w.t.Errorf("the person: %v", err)
		}
	}
}

func (w *world) fault(endpoint string, kind emulator.FaultKind, more ...func(*emulator.Fault)) {
	f := emulator.Fault{Endpoint: endpoint, Kind: kind}
	for _, m := range more {
		m(&f)
	}
	w.e.AddFault(f)
}

func times(n int) func(*emulator.Fault)      { return func(f *emulator.Fault) { f.Times = n } }
func retryAfter(s int) func(*emulator.Fault) { return func(f *emulator.Fault) { f.RetryAfter = s } }
func says(code string) func(*emulator.Fault) {
	return func(f *emulator.Fault) { f.Error, f.AADSTS = code, 0 }
}
func aadsts(number int) func(*emulator.Fault) { return func(f *emulator.Fault) { f.AADSTS = number } }

func TestDeviceCode(t *testing.T) {
	const tokens, codes = emulator.EndpointToken, emulator.EndpointDeviceCode
	for name, c := range map[string]struct {
		setUp  func(*world)
		reason string // "" is success
		aadsts int
		err    error // instead of a reason
		polls  int   // 0 is not checked
	}{
		"entered at once":       {setUp: func(w *world) { w.enters(alice, 0) }, polls: 1},
		"entered after a while": {setUp: func(w *world) { w.enters(alice, 23*time.Second) }, polls: 5},
		"declined":              {setUp: func(w *world) { w.acts(alice, 7*time.Second, true) }, reason: flowv1.ReasonAccessDenied, aadsts: 0, polls: 2},
		"never entered":         {setUp: func(*world) {}, reason: flowv1.ReasonExpiredToken, polls: 180},
		"never entered, short patience": {
			setUp:  func(w *world) { w.req.Options = map[string]string{"timeout": "18s"} },
			reason: flowv1.ReasonExpiredToken, polls: 3,
		},
		"expired at the provider": {setUp: func(w *world) { w.fault(tokens, emulator.FaultOAuthError, says("expired_token"), aadsts(70020)) }, reason: flowv1.ReasonExpiredToken, aadsts: 70020, polls: 1},
		"told to slow down": {setUp: func(w *world) {
			w.fault(tokens, emulator.FaultOAuthError, says("slow_down"), times(2))
			w.enters(alice, 29*time.Second)
		}, polls: 3},
		"cancelled": {setUp: func(w *world) {
			w.e.Clock.OnSleep = func(total time.Duration) {
				if total > 8*time.Second {
					w.cancel()
				}
			}
		}, err: context.Canceled, polls: 1},
		"a second factor":  {setUp: func(w *world) { w.enters("mfa@contoso.example", 0) }},
		"consent is given": {setUp: func(w *world) { w.enters("noconsent@contoso.example", 0) }},
		"another tenant's user, one tenant": {setUp: func(w *world) {
			w.req.Tenant = emulator.FabrikamTenant
			w.enters("carol@fabrikam.example", 0)
		}},
		"somebody else": {setUp: func(w *world) {
			w.req.Username = "bob@contoso.example"
			w.enters(alice, 0)
		}, reason: flowv1.ReasonAccessDenied},
		"throttled once": {setUp: func(w *world) {
			w.fault(tokens, emulator.FaultStatus429, times(1), retryAfter(17))
			w.enters(alice, 0)
		}, polls: 2},
		"down for a moment": {setUp: func(w *world) {
			w.fault(tokens, emulator.FaultStatus503, times(2))
			w.fault(codes, emulator.FaultStatus503, times(1))
			w.enters(alice, 0)
		}, polls: 3},
		"down":                    {setUp: func(w *world) { w.fault(tokens, emulator.FaultStatus503) }, reason: flowv1.ReasonTemporarilyUnavailable, aadsts: 90033, polls: 6},
		"no codes":                {setUp: func(w *world) { w.fault(codes, emulator.FaultStatus503) }, reason: flowv1.ReasonTemporarilyUnavailable, aadsts: 90033},
		"reset for a moment":      {setUp: func(w *world) { w.fault(tokens, emulator.FaultReset, times(1)); w.enters(alice, 0) }, polls: 2},
		"the token broke off":     {setUp: func(w *world) { w.fault(tokens, emulator.FaultTruncated); w.enters(alice, 0) }, reason: flowv1.ReasonTemporarilyUnavailable, polls: 1},
		"the code broke off":      {setUp: func(w *world) { w.fault(codes, emulator.FaultTruncated) }, reason: flowv1.ReasonTemporarilyUnavailable},
		"a huge token":            {setUp: func(w *world) { w.fault(tokens, emulator.FaultHuge) }, reason: flowv1.ReasonTemporarilyUnavailable, polls: 1},
		"a malformed token":       {setUp: func(w *world) { w.fault(tokens, emulator.FaultMalformed) }, reason: flowv1.ReasonTemporarilyUnavailable, polls: 1},
		"a malformed code":        {setUp: func(w *world) { w.fault(codes, emulator.FaultMalformed) }, reason: flowv1.ReasonTemporarilyUnavailable},
		"a page, no code":         {setUp: func(w *world) { w.fault(codes, emulator.FaultNotJSON) }, reason: flowv1.ReasonTemporarilyUnavailable},
		"a redirect":              {setUp: func(w *world) { w.fault(tokens, emulator.FaultRedirect) }, reason: flowv1.ReasonTemporarilyUnavailable, polls: 1},
		"another CA":              {setUp: func(w *world) { w.req.CABundle = nil }, reason: flowv1.ReasonUntrustedCertificate},
		"policy wants a device":   {setUp: func(w *world) { w.fault(tokens, emulator.FaultOAuthError, says("access_denied"), aadsts(530033)) }, reason: flowv1.ReasonDeviceRequired, aadsts: 530033},
		"no such client":          {setUp: func(w *world) { w.req.ClientID = "11111111-1111-4111-8111-111111111111" }, reason: flowv1.ReasonInvalidClient, aadsts: 700016},
		"a confidential client":   {setUp: func(w *world) { w.req.ClientID = emulator.ConfidentialClient }, reason: flowv1.ReasonInvalidClient, aadsts: 7000218},
		"no such tenant":          {setUp: func(w *world) { w.req.Tenant = "no-such.example" }, reason: flowv1.ReasonInvalidRequest, aadsts: 90002},
		"no such resource":        {setUp: func(w *world) { w.req.Scopes = []string{"api://no-such/.default"} }, reason: flowv1.ReasonInvalidScope, aadsts: 500011},
		"nobody is there":         {setUp: func(w *world) { w.p.OnDevice = func(sdk.DeviceAuthorization) error { return sdk.ErrUnavailable } }, err: sdk.ErrUnavailable},
		"the host declines":       {setUp: func(w *world) { w.p.OnDevice = func(sdk.DeviceAuthorization) error { return sdk.ErrDeclined } }, err: sdk.ErrDeclined},
		"a timeout that is none":  {setUp: func(w *world) { w.req.Options = map[string]string{"timeout": "-1s"} }, reason: flowv1.ReasonInvalidRequest},
		"never, nobody signed in": {setUp: func(w *world) { w.req.Mode, w.p.OnDevice = sdk.Never, nil }, reason: flowv1.ReasonInteractionRequired},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			e := entratest.Start(t, emulator.Options{})
			w := &world{t: t, e: e, req: e.Request(), p: &entratest.Prompter{T: t}, cancel: cancel}
			w.p.OnDevice = func(d sdk.DeviceAuthorization) error { w.shown = d; return nil }
			c.setUp(w)
			tok, err := flow{opts: []entra.Option{entra.WithClock(e.Clock)}}.GetToken(ctx, w.req, w.p)
			counters := e.Counters()
			if c.polls != 0 && counters.Polls != c.polls {
				t.Errorf("%d polls, want %d", counters.Polls, c.polls)
			}
			if counters.SlowDowns != 0 || counters.Trapped != 0 {
				t.Errorf("%d polls too early, %d redirects followed", counters.SlowDowns, counters.Trapped)
			}
			switch {
			case c.err != nil:
				if !errors.Is(err, c.err) {
					t.Errorf("error %v, want %v", err, c.err)
				}
			case c.reason != "":
				got := entratest.WantError(t, err, c.reason, aadstsOr(c.aadsts, err))
				if c.aadsts != 0 && got.AADSTS != c.aadsts {
					t.Errorf("AADSTS %d, want %d", got.AADSTS, c.aadsts)
				}
			case err != nil:
				t.Errorf("error %v", err)
			case tok.Secret.Empty() || tok.Account.ID == "" || len(tok.State) == 0:
				t.Errorf("token %+v", tok)
			}
		})
	}
}

// aadstsOr is want, or what err has if the case does not care.
func aadstsOr(want int, err error) int {
	var e *sdk.Error
	if want == 0 && errors.As(err, &e) {
		return e.AADSTS
	}
	return want
}
