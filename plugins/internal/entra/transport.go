package entra

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Limits of one HTTP exchange.
const (
	// maxBody: a token answer is a few KiB, a federation server's metadata some
	// hundred.
	maxBody = 1 << 20
	// attemptTimeout bounds one attempt: what MSAL allows for one.
	attemptTimeout = 30 * time.Second
	// maxAttempts of one request; Entra ID recovers within seconds or not soon.
	maxAttempts = 3
	// firstPause before the second attempt; it doubles.
	firstPause = 500 * time.Millisecond
	// maxRetryAfter is how long a provider's Retry-After is waited for. A longer
	// one is handed to the caller instead.
	maxRetryAfter = 30 * time.Second
)

// transport is MSAL's HTTP client. It bounds, retries and paces requests, keeps
// what MSAL loses of the answers (observe.go), and fails with *sdk.Error for all
// but a usable 200, so that no answer's text gets into MSAL's errors. It follows
// no redirect: RoundTrip does not.
type transport struct {
	roundTripper http.RoundTripper
	clock        Clock
	seen         observed
	plan         pollPlan
}

// begin forgets what was seen of earlier calls.
func (t *transport) begin() { t.seen = observed{} }

// CloseIdleConnections is MSAL's.
func (t *transport) CloseIdleConnections() {
	if c, ok := t.roundTripper.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// Do sends one request of MSAL's, as often as it takes.
func (t *transport) Do(req *http.Request) (*http.Response, error) {
	c, err := t.newCall(req)
	if err != nil {
		return nil, err
	}
	var ans *answer
	if c.grant == grantDeviceCode {
		ans, err = t.poll(c)
	} else {
		ans, err = t.send(c)
	}
	if err != nil {
		return nil, err
	}
	if err := t.observe(c, ans); err != nil {
		return nil, err
	}
	return ans.response(req), nil
}

// send makes up to maxAttempts.
func (t *transport) send(c *call) (*answer, error) {
	pause := firstPause
	for n := 1; ; n++ {
		ans, fault := t.attempt(c)
		if fault == nil && ans.ok() {
			return ans, nil
		}
		failure := t.failure(c, ans, fault)
		if err := c.ctx.Err(); err != nil {
			return nil, err
		}
		wait := max(pause, ans.retryAfter(t.clock.Now()))
		if n == maxAttempts || !c.repeatable(ans, fault) || wait > maxRetryAfter || !t.fits(c.ctx, wait) {
			return nil, failure
		}
		if err := t.clock.Sleep(c.ctx, wait); err != nil {
			return nil, err
		}
		pause *= 2
	}
}

// fits reports whether there is time for a pause.
func (t *transport) fits(ctx context.Context, pause time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return !ok || t.clock.Now().Add(pause).Before(deadline)
}

// failure is the error for an attempt that did not end in a usable answer.
func (t *transport) failure(c *call, ans *answer, fault *fault) error {
	if fault != nil {
		return fault.sdkError(c.host())
	}
	err := ans.sdkError(c)
	err.RetryAfter = ans.retryAfter(t.clock.Now())
	return err
}

// repeatable reports whether the request may be sent again. An authorization
// code that may have arrived is not: the provider could revoke the tokens of the
// first try (RFC 6749 section 4.1.2). All others can be: Entra ID keeps a refresh
// token good after its use, and the rest asks anew.
func (c *call) repeatable(ans *answer, f *fault) bool {
	single := c.grant == grantAuthorizationCode
	if f != nil {
		return f.transient() && (!single || !f.sent)
	}
	if ans.status == http.StatusTooManyRequests {
		return true // turned away at the door
	}
	return ans.busy(c) && !single
}

// busy reports whether the server says that it cannot answer now.
func (a *answer) busy(c *call) bool {
	switch a.status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, http.StatusRequestTimeout:
		return true
	case http.StatusInternalServerError:
		return !c.xml // a SOAP fault is an answer
	}
	return a.oauth.Code == codeTemporarilyUnavailable
}

// retryAfter is the answer's Retry-After (RFC 9110 section 10.2.3), at least 0.
func (a *answer) retryAfter(now time.Time) time.Duration {
	if a == nil {
		return 0
	}
	v := strings.TrimSpace(a.header.Get("Retry-After"))
	if n, err := strconv.Atoi(v); err == nil {
		// A day is as long as for ever, and cannot overflow.
		return time.Duration(min(max(n, 0), 24*60*60)) * time.Second
	}
	if at, err := http.ParseTime(v); err == nil {
		return min(max(at.Sub(now), 0), 24*time.Hour)
	}
	return 0
}
