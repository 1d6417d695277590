// Package acr exchanges an Entra ID access token for a refresh token of an Azure
// Container Registry, as https://azure.github.io/acr/AAD-OAuth.html describes it:
// one POST to the registry itself. Whether a host is a registry is not judged here;
// who calls has proved it. Package host is who calls.
package acr

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/authlatch/authlatch/internal/sanitize"
)

// TokenType is that of a registry's refresh token.
const TokenType = "acr"

// Limits of one exchange.
const (
	// maxBody in bytes: a refresh token is about 2 KiB.
	maxBody = 64 << 10
	// attemptTimeout bounds one attempt, connecting included.
	attemptTimeout = 30 * time.Second
	// maxAttempts: a registry that is busy recovers within seconds or not soon.
	maxAttempts = 3
	// firstPause before the second attempt; it doubles.
	firstPause = 500 * time.Millisecond
	// maxRetryAfter is how long a registry's Retry-After is waited for.
	maxRetryAfter = 10 * time.Second
)

// Client exchanges tokens. It is safe for concurrent use; its fields are set before
// the first call.
type Client struct {
	// Roots is a PEM bundle of certificates that are trusted besides the system's.
	Roots []byte
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Sleep waits between attempts; nil really waits.
	Sleep func(context.Context, time.Duration) error
}

// Token is a registry's refresh token.
type Token struct {
	// Secret is in clear: whoever receives it must not log or print it.
	Secret    string
	ExpiresOn time.Time
}

// Exchange sends accessToken to the registry, host and port unless that is 443, and
// to no other host: it follows no redirect. tenant may be "". Its errors are *Error,
// or ctx's.
func (c *Client) Exchange(ctx context.Context, registry, tenant, accessToken string) (Token, error) {
	transport, err := c.transport(registry)
	if err != nil {
		return Token{}, err
	}
	form := url.Values{"grant_type": {"access_token"}, "service": {registry}, "access_token": {accessToken}}
	if tenant != "" {
		form.Set("tenant", tenant)
	}
	pause := firstPause
	for n := 1; ; n++ {
		t, failed := c.attempt(ctx, transport, registry, form.Encode())
		if failed == nil {
			return t, nil
		}
		if ctx.Err() != nil {
			return Token{}, context.Cause(ctx)
		}
		wait := max(pause, failed.RetryAfter)
		if n == maxAttempts || !failed.again || wait > maxRetryAfter {
			return Token{}, failed
		}
		if err := c.sleep(ctx, wait); err != nil {
			return Token{}, err
		}
		pause *= 2
	}
}

func (c *Client) attempt(ctx context.Context, transport http.RoundTripper, registry, form string) (Token, *Error) {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+registry+"/oauth2/exchange", strings.NewReader(form))
	if err != nil {
		return Token{}, &Error{Registry: registry, What: "is not a host that can be asked", Err: err}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "authlatch")
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return Token{}, unreachable(registry, err)
	}
	defer resp.Body.Close()
	body, failed := read(registry, resp)
	if failed != nil {
		return Token{}, failed
	}
	if resp.StatusCode != http.StatusOK {
		return Token{}, c.refused(registry, resp, body)
	}
	var answer struct {
		RefreshToken string `json:"refresh_token"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.RefreshToken == "" {
		return Token{}, &Error{Registry: registry, Status: resp.StatusCode, What: "answered without a refresh token; is it a container registry?"}
	}
	expires, ok := expiry(answer.RefreshToken)
	if !ok {
		return Token{}, &Error{Registry: registry, Status: resp.StatusCode, What: "answered with a refresh token that is no JWT with an expiry"}
	}
	return Token{Secret: answer.RefreshToken, ExpiresOn: expires}, nil
}

// refused is the error for an answer that is none. Its words are the registry's.
func (c *Client) refused(registry string, resp *http.Response, body []byte) *Error {
	e := &Error{Registry: registry, Status: resp.StatusCode, RetryAfter: retryAfter(resp.Header.Get("Retry-After"), c.now())}
	var answer struct {
		Errors []struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"errors"`
	}
	if json.Unmarshal(body, &answer) == nil && len(answer.Errors) > 0 {
		first := answer.Errors[0]
		e.Message = sanitize.Line(strings.Trim(first.Code+": "+first.Message, ": "), maxMessage)
	}
	switch status := resp.StatusCode; {
	case status >= 300 && status < 400:
		e.What = "answered with a redirect, which is not followed"
	case status == http.StatusUnauthorized:
		e.What = "does not accept the account's token"
	case status == http.StatusForbidden:
		e.What = "denied access"
	case status == http.StatusNotFound || status == http.StatusMethodNotAllowed:
		e.What = "does not exchange tokens; is it an Azure Container Registry?"
	case status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status >= 500:
		e.What, e.again = "is busy or failing", true
	default:
		e.What = "refused the request"
	}
	return e
}

func (c *Client) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}

func (c *Client) sleep(ctx context.Context, d time.Duration) error {
	if c.Sleep != nil {
		return c.Sleep(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
