package browser

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/emulator"
	"github.com/authlatch/authlatch/internal/aadsts"
	"github.com/authlatch/authlatch/plugins/internal/entra/entratest"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
	"github.com/authlatch/authlatch/sdk"
)

// How a sign-in ends that does not end well: the reason for the host, and the
// person's page, which shows nothing that the provider said.
func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		who    string // alice if empty
		cancel bool
		setUp  func(e *entratest.Emulator, req *sdk.Request)
		reason string
		aadsts int
	}{
		"the person cancels":    {cancel: true, reason: flowv1.ReasonAccessDenied, aadsts: 65004},
		"somebody else":         {who: bob, setUp: func(_ *entratest.Emulator, req *sdk.Request) { req.Username = alice }, reason: flowv1.ReasonAccessDenied},
		"a device is required":  {who: "device@contoso.example", reason: flowv1.ReasonDeviceRequired, aadsts: 53000},
		"not in the tenant":     {who: bob, setUp: func(_ *entratest.Emulator, req *sdk.Request) { req.Tenant = emulator.FabrikamTenant }, reason: reasonOf(50020), aadsts: 50020},
		"prompt none":           {setUp: func(_ *entratest.Emulator, req *sdk.Request) { req.Options = map[string]string{optionPrompt: "none"} }, reason: flowv1.ReasonInteractionRequired, aadsts: 50058},
		"an unknown scope":      {setUp: func(_ *entratest.Emulator, req *sdk.Request) { req.Scopes = []string{"api://no-such-app/.default"} }, reason: flowv1.ReasonInvalidScope, aadsts: 500011},
		"the code is refused":   {setUp: fault(emulator.Fault{Error: "invalid_grant", AADSTS: 54005, Description: "<script>boo</script>"}), reason: flowv1.ReasonInvalidGrant, aadsts: 54005},
		"the provider is down":  {setUp: fault(emulator.Fault{Kind: emulator.FaultStatus503}), reason: flowv1.ReasonTemporarilyUnavailable, aadsts: 90033},
		"throttled":             {setUp: fault(emulator.Fault{Kind: emulator.FaultStatus429, RetryAfter: 60}), reason: flowv1.ReasonTemporarilyUnavailable, aadsts: 90055},
		"the answer is cut":     {setUp: fault(emulator.Fault{Kind: emulator.FaultTruncated, Processed: true}), reason: flowv1.ReasonTemporarilyUnavailable},
		"the answer is huge":    {setUp: fault(emulator.Fault{Kind: emulator.FaultHuge}), reason: flowv1.ReasonTemporarilyUnavailable},
		"the answer is no JSON": {setUp: fault(emulator.Fault{Kind: emulator.FaultNotJSON}), reason: flowv1.ReasonTemporarilyUnavailable},
		"a redirect":            {setUp: fault(emulator.Fault{Kind: emulator.FaultRedirect}), reason: flowv1.ReasonTemporarilyUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			e := entratest.Start(t, emulator.Options{})
			req := e.Request()
			if c.setUp != nil {
				c.setUp(e, req)
			}
			who := c.who
			if who == "" {
				who = alice
			}
			p := at(t, e, who)
			if c.cancel {
				someone := e.Person(who)
				p = whoDoes(t, func(ctx context.Context, u string) (string, error) {
					_, body, err := someone.CancelSignIn(ctx, u)
					return body, err
				})
			}
			_, err := getToken(t, e, req, p)
			entratest.WantError(t, err, c.reason, c.aadsts)
			if len(p.pages) != 1 || !strings.Contains(p.pages[0], notSucceeded) || strings.Contains(p.pages[0], "AADSTS") || strings.Contains(p.pages[0], "boo") {
				t.Errorf("the person was shown %q", p.pages)
			}
			if c := e.Counters(); c.Token["authorization_code"] > 1 || c.Trapped != 0 {
				t.Errorf("the code was sent %d times, %d times after a redirect", c.Token["authorization_code"], c.Trapped)
			}
		})
	}
}

func reasonOf(number int) string {
	entry, _ := aadsts.Lookup(number)
	return entry.Reason
}

func fault(f emulator.Fault) func(*entratest.Emulator, *sdk.Request) {
	f.Endpoint, f.Grant = emulator.EndpointToken, "authorization_code"
	return func(e *entratest.Emulator, _ *sdk.Request) { e.AddFault(f) }
}

// Nobody is asked if the authority cannot be asked either.
func TestNoAuthority(t *testing.T) {
	e := entratest.Start(t, emulator.Options{})
	e.AddFault(emulator.Fault{Endpoint: emulator.EndpointDiscovery, Kind: emulator.FaultStatus503})
	_, err := getToken(t, e, e.Request(), &entratest.Prompter{T: t})
	entratest.WantError(t, err, flowv1.ReasonTemporarilyUnavailable, 90033)
}

func TestNobodyComes(t *testing.T) {
	e := entratest.Start(t, emulator.Options{})
	for name, opened := range map[string]func(context.Context) error{
		"after the page was opened":            func(context.Context) error { return nil },
		"and the host never says it is opened": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
	} {
		t.Run(name, func(t *testing.T) {
			req := e.Request()
			req.Options = map[string]string{optionTimeout: "20ms"}
			_, err := getToken(t, e, req, openFunc{opened: opened})
			if got := entratest.WantError(t, err, flowv1.ReasonExpiredToken, 0); got.Message != "nobody finished the sign-in in the browser within 20ms" {
				t.Error(got.Message)
			}
		})
	}
}

// openFunc is a Prompter that gets the context.
type openFunc struct {
	sdk.Prompter
	opened func(context.Context) error
}

func (o openFunc) OpenURL(ctx context.Context, _, _ string) error { return o.opened(ctx) }

func TestCancel(t *testing.T) {
	e := entratest.Start(t, emulator.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var redirect string
	p := &entratest.Prompter{T: t, OnURL: func(u string) error {
		v, err := url.Parse(u)
		redirect = v.Query().Get("redirect_uri")
		cancel()
		return err
	}}
	_, err := New().GetToken(ctx, e.Request(), p)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if resp, err := http.Get(redirect); err == nil {
		resp.Body.Close()
		t.Error("the listener outlived the request")
	}
}

// What becomes of the outcomes of open_url.
func TestNoBrowser(t *testing.T) {
	e := entratest.Start(t, emulator.Options{})
	for name, c := range map[string]struct {
		open, notice error
		reason       string
		notices      int
	}{
		"no browser":                 {open: sdk.ErrUnavailable, reason: flowv1.ReasonFlowUnavailable},
		"wrapped":                    {open: fmt.Errorf("x: %w", sdk.ErrUnavailable), reason: flowv1.ReasonFlowUnavailable},
		"the person declines":        {open: sdk.ErrDeclined, reason: flowv1.ReasonAccessDenied},
		"old host, nobody to notice": {open: sdk.ErrUnsupported, notice: sdk.ErrUnavailable, reason: flowv1.ReasonFlowUnavailable, notices: 1},
		"old host without notices":   {open: sdk.ErrUnsupported, notice: sdk.ErrUnsupported, reason: flowv1.ReasonFlowUnavailable, notices: 1},
	} {
		t.Run(name, func(t *testing.T) {
			p := &entratest.Prompter{T: t, NoticeErr: c.notice, OnURL: func(string) error { return c.open }}
			_, err := getToken(t, e, e.Request(), p)
			entratest.WantError(t, err, c.reason, 0)
			if len(p.Notices) != c.notices {
				t.Errorf("notices %q", p.Notices)
			}
		})
	}
}

// On a host that does not know open_url the person is given the address.
func TestNoticeInstead(t *testing.T) {
	e := entratest.Start(t, emulator.Options{})
	someone := e.Person(alice)
	p := &noticed{Prompter: &entratest.Prompter{T: t, OnURL: func(string) error { return sdk.ErrUnsupported }}}
	p.read = func(message string) {
		_, address, _ := strings.Cut(message, ": ")
		if _, _, err := someone.SignIn(t.Context(), address); err != nil {
			t.Errorf("%q: %v", message, err)
		}
	}
	if _, err := getToken(t, e, e.Request(), p); err != nil {
		t.Fatal(err)
	}
}

type noticed struct {
	*entratest.Prompter
	read func(string)
}

func (n *noticed) Notice(_ context.Context, message string) error {
	n.read(message)
	return nil
}
