package entra

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/authlatch/authlatch/plugins/internal/entra/entratest"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// script answers one attempt after the other; what is too many fails the test.
type script struct {
	t        *testing.T
	attempts []reply
	bodies   []string
}

func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		b, _ := io.ReadAll(req.Body)
		s.bodies = append(s.bodies, string(b))
	}
	if len(s.attempts) == 0 {
		s.t.Error("one attempt too many")
		return nil, errors.New("too many")
	}
	r := s.attempts[0]
	s.attempts = s.attempts[1:]
	if r.err != nil {
		return nil, r.err
	}
	if r.header == nil {
		r.header = http.Header{}
	}
	return &http.Response{StatusCode: r.status, Header: r.header, Body: io.NopCloser(strings.NewReader(r.body))}, nil
}

func after(v string) http.Header { return http.Header{"Retry-After": {v}} }

func formRequest(ctx context.Context, grant string) *http.Request {
	form := url.Values{"grant_type": {grant}, "code": {"code-1"}, "username": {"u"}, "password": {"hunter2-hunter2"}}
	req, _ := http.NewRequestWithContext(ctx, http.MethodPost, "https://idp.example/t/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	return req
}

const ok = `{"access_token":"x"}`

func TestRetries(t *testing.T) {
	ms, s := time.Millisecond, time.Second
	reset := reply{err: syscall.ECONNRESET}
	for name, c := range map[string]struct {
		grant    string
		attempts []reply
		sleeps   []time.Duration
		reason   string // "" is success
		retry    time.Duration
	}{
		"at once":                       {grant: "refresh_token", attempts: []reply{{status: 200, body: ok}}},
		"429 with Retry-After":          {grant: "refresh_token", attempts: []reply{{status: 429, header: after("7")}, {status: 200, body: ok}}, sleeps: []time.Duration{7 * s}},
		"429 with too much":             {grant: "refresh_token", attempts: []reply{{status: 429, header: after("600")}}, reason: flowv1.ReasonTemporarilyUnavailable, retry: 600 * s},
		"429 with nonsense":             {grant: "refresh_token", attempts: []reply{{status: 429, header: after("soon")}, {status: 200, body: ok}}, sleeps: []time.Duration{500 * ms}},
		"429 with a negative number":    {grant: "refresh_token", attempts: []reply{{status: 429, header: after("-5")}, {status: 200, body: ok}}, sleeps: []time.Duration{500 * ms}},
		"503 for ever":                  {grant: "refresh_token", attempts: []reply{{status: 503}, {status: 503}, {status: 503, header: after("9")}}, sleeps: []time.Duration{500 * ms, s}, reason: flowv1.ReasonTemporarilyUnavailable, retry: 9 * s},
		"temporarily_unavailable":       {grant: "refresh_token", attempts: []reply{{status: 400, body: `{"error":"temporarily_unavailable"}`}, {status: 200, body: ok}}, sleeps: []time.Duration{500 * ms}},
		"a refusal":                     {grant: "refresh_token", attempts: []reply{{status: 400, body: `{"error":"invalid_grant"}`}}, reason: flowv1.ReasonInvalidGrant},
		"a redirect":                    {grant: "password", attempts: []reply{{status: 307, header: http.Header{"Location": {"https://evil.example"}}}}, reason: flowv1.ReasonTemporarilyUnavailable},
		"501":                           {grant: "password", attempts: []reply{{status: 501}}, reason: flowv1.ReasonTemporarilyUnavailable},
		"204":                           {grant: "password", attempts: []reply{{status: 204}}, reason: flowv1.ReasonTemporarilyUnavailable},
		"reset":                         {grant: "password", attempts: []reply{reset, {status: 200, body: ok}}, sleeps: []time.Duration{500 * ms}},
		"reset for ever":                {grant: "password", attempts: []reply{reset, reset, reset}, sleeps: []time.Duration{500 * ms, s}, reason: flowv1.ReasonTemporarilyUnavailable},
		"too slow":                      {grant: "password", attempts: []reply{{err: errTooSlow}, {status: 200, body: ok}}, sleeps: []time.Duration{500 * ms}},
		"a TLS alert":                   {grant: "password", attempts: []reply{{err: &net.OpError{Op: "remote error", Err: errors.New("tls: protocol version not supported")}}}, reason: flowv1.ReasonTemporarilyUnavailable},
		"too large":                     {grant: "password", attempts: []reply{{status: 200, body: strings.Repeat("x", maxBody+1)}}, reason: flowv1.ReasonTemporarilyUnavailable},
		"code: throttled":               {grant: "authorization_code", attempts: []reply{{status: 429}, {status: 200, body: ok}}, sleeps: []time.Duration{500 * ms}},
		"code: 503, may have been used": {grant: "authorization_code", attempts: []reply{{status: 503}}, reason: flowv1.ReasonTemporarilyUnavailable},
		"code: 500, may have been used": {grant: "authorization_code", attempts: []reply{{status: 500, body: `{"error":"server_error"}`}}, reason: flowv1.ReasonTemporarilyUnavailable},
		"code: not sent":                {grant: "authorization_code", attempts: []reply{reset, {status: 200, body: ok}}, sleeps: []time.Duration{500 * ms}},
	} {
		t.Run(name, func(t *testing.T) {
			sc, clock := &script{t: t, attempts: c.attempts}, entratest.NewClock()
			tr := &transport{roundTripper: sc, clock: clock}
			resp, err := tr.Do(formRequest(t.Context(), c.grant))
			if c.reason == "" {
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
			} else if e := wantReason(t, err, c.reason); e.RetryAfter != c.retry {
				t.Errorf("retry after %v, want %v", e.RetryAfter, c.retry)
			}
			if len(sc.attempts) != 0 {
				t.Errorf("%d attempts were not made", len(sc.attempts))
			}
			if got := clock.Sleeps(); !slices.Equal(got, c.sleeps) {
				t.Errorf("slept %v, want %v", got, c.sleeps)
			}
			for _, b := range sc.bodies[1:] {
				if b != sc.bodies[0] {
					t.Errorf("a retry sent another body")
				}
			}
		})
	}
}

// A pause that the deadline does not leave time for is not begun.
func TestRetryWithinDeadline(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	clock := entratest.NewClock()
	tr := &transport{roundTripper: &script{t: t, attempts: []reply{{status: 429, header: after("7")}}}, clock: clock}
	_, err := tr.Do(formRequest(ctx, "refresh_token"))
	if e := wantReason(t, err, flowv1.ReasonTemporarilyUnavailable); e.RetryAfter != 7*time.Second {
		t.Errorf("retry after %v", e.RetryAfter)
	}
	if len(clock.Sleeps()) > 0 {
		t.Error("it slept")
	}
}

// What the person cancels stays a cancellation.
func TestCancelDuringRetry(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	clock := entratest.NewClock()
	clock.OnSleep = func(time.Duration) { cancel() }
	tr := &transport{roundTripper: &script{t: t, attempts: []reply{{status: 503}}}, clock: clock}
	if _, err := tr.Do(formRequest(ctx, "refresh_token")); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

// MSAL would send the password of a federated user to Entra ID.
func TestFederatedPasswordStaysHome(t *testing.T) {
	sc := &script{t: t, attempts: []reply{{status: 200, body: ok}}}
	tr := &transport{roundTripper: sc, clock: entratest.NewClock()}
	resp, err := tr.Do(formRequest(t.Context(), "urn:ietf:params:oauth:grant-type:saml1_1-bearer"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if strings.Contains(sc.bodies[0], "hunter2") || strings.Contains(sc.bodies[0], "username") {
		t.Errorf("sent %s", sc.bodies[0])
	}
}

func TestPlainHTTPIsRefused(t *testing.T) {
	req := formRequest(t.Context(), "password")
	req.URL.Scheme = "http"
	tr := &transport{roundTripper: &script{t: t}, clock: entratest.NewClock()}
	_, err := tr.Do(req)
	wantReason(t, err, flowv1.ReasonInvalidRequest)
}

// The password reaches the organization's server in a SOAP request; its faults
// come with status 500 and are not repeated.
func TestFederationFaults(t *testing.T) {
	soap := func() *http.Request {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://sts.contoso.example/adfs", strings.NewReader("<s/>"))
		req.Header.Set("Content-Type", "application/soap+xml; charset=utf-8")
		return req
	}
	for name, c := range map[string]struct {
		attempts []reply
		reason   string
	}{
		"wrong password": {[]reply{{status: 500, body: `<s:Subcode><s:Value xmlns:a="x">a:FailedAuthentication</s:Value></s:Subcode>`}}, flowv1.ReasonInvalidGrant},
		"another fault":  {[]reply{{status: 500, body: `<s:Value>s:Sender</s:Value>`}}, flowv1.ReasonTemporarilyUnavailable},
		"down":           {[]reply{{status: 503}, {status: 503}, {status: 503}}, flowv1.ReasonTemporarilyUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			tr := &transport{roundTripper: &script{t: t, attempts: c.attempts}, clock: entratest.NewClock()}
			_, err := tr.Do(soap())
			wantReason(t, err, c.reason)
		})
	}
}
