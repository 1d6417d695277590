package entra

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/authlatch/authlatch/internal/sanitize"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
	"github.com/authlatch/authlatch/sdk"
)

// Grant types that are treated apart.
const (
	grantAuthorizationCode = "authorization_code"
	grantDeviceCode        = "device_code" // MSAL's spelling; Entra ID takes it for the URN
	grantDeviceCodeURN     = "urn:ietf:params:oauth:grant-type:device_code"
	grantSAMLPrefix        = "urn:ietf:params:oauth:grant-type:saml"
)

// secretFields of a form are what a server must not echo into an error.
var secretFields = []string{"password", "refresh_token", "code", "code_verifier", "device_code", "assertion"}

// call is one request of MSAL's, read and understood.
type call struct {
	ctx     context.Context
	req     *http.Request
	body    []byte
	form    url.Values // nil if it is no form
	grant   string     // grant_type of a token request
	device  bool       // a device authorization request
	xml     bool       // WS-Trust and its metadata
	secrets []string
}

func (c *call) host() string { return c.req.URL.Host }

// newCall reads a request and corrects what MSAL gets wrong in it.
func (t *transport) newCall(req *http.Request) (*call, error) {
	if req.URL.Scheme != "https" {
		// A user realm or a metadata document can name any URL, and the next
		// request may carry the password.
		return nil, &sdk.Error{
			Reason:  flowv1.ReasonInvalidRequest,
			Message: fmt.Sprintf("the provider names an endpoint that is not https: %s", sanitize.Line(req.URL.Host, 200)),
		}
	}
	c := &call{ctx: req.Context(), req: req}
	if req.Body != nil {
		defer req.Body.Close()
		var err error
		if c.body, err = io.ReadAll(io.LimitReader(req.Body, maxBody)); err != nil {
			return nil, err
		}
	}
	switch contentType := req.Header.Get("Content-Type"); {
	case strings.HasPrefix(contentType, "application/x-www-form-urlencoded"):
		if err := t.readForm(c); err != nil {
			return nil, err
		}
	case strings.Contains(contentType, "xml"):
		c.xml = true
	}
	return c, nil
}

func (t *transport) readForm(c *call) error {
	form, err := url.ParseQuery(string(c.body))
	if err != nil {
		return err
	}
	c.form, c.grant = form, form.Get("grant_type")
	if c.grant == grantDeviceCodeURN {
		c.grant = grantDeviceCode
	}
	c.device = c.grant == ""
	t.seen.token = t.seen.token || !c.device
	for _, name := range secretFields {
		if v := form.Get(name); v != "" {
			c.secrets = append(c.secrets, v)
		}
	}
	if strings.HasPrefix(c.grant, grantSAMLPrefix) {
		// MSAL sends a federated user's password to Entra ID along with the
		// assertion that it was exchanged for. Nobody needs it there.
		form.Del("username")
		form.Del("password")
		c.body = []byte(form.Encode())
	}
	if c.device {
		// MSAL makes this URL by replacing "token" everywhere, in the host and the
		// tenant too. Whoever answers there could show the person any code.
		if t.plan.endpoint == nil {
			return &sdk.Error{
				Reason:  flowv1.ReasonFlowUnavailable,
				Message: "the provider has no endpoint for device codes",
			}
		}
		c.req.URL = t.plan.endpoint
	}
	return nil
}

// attempt sends the request once. Exactly one of the results is nil.
func (t *transport) attempt(c *call) (*answer, *fault) {
	ctx, cancel := context.WithTimeoutCause(c.ctx, attemptTimeout, errTooSlow)
	defer cancel()
	var sent atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }})
	req := c.req.Clone(ctx)
	req.Body, req.GetBody, req.ContentLength = nil, nil, 0
	if c.body != nil {
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(c.body)), nil }
		req.Body, _ = req.GetBody()
		req.ContentLength = int64(len(c.body))
	}
	resp, err := t.roundTripper.RoundTrip(req)
	if err != nil {
		return nil, &fault{err: err, sent: sent.Load()}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	switch {
	case err != nil:
		return nil, &fault{err: err, sent: true, status: resp.StatusCode}
	case len(body) > maxBody:
		return nil, &fault{err: errTooLarge, sent: true, status: resp.StatusCode}
	}
	a := &answer{status: resp.StatusCode, header: resp.Header, body: body}
	if !a.ok() && !c.xml {
		a.oauth, a.isOAuth = parseOAuthError(body)
	}
	return a, nil
}

// answer is a whole HTTP answer.
type answer struct {
	status  int
	header  http.Header
	body    []byte
	oauth   oauthError
	isOAuth bool
}

// ok: MSAL takes nothing else for success.
func (a *answer) ok() bool { return a.status == http.StatusOK || a.status == http.StatusCreated }

func (a *answer) response(req *http.Request) *http.Response {
	return &http.Response{
		StatusCode:    a.status,
		Status:        http.StatusText(a.status),
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        a.header,
		Body:          io.NopCloser(bytes.NewReader(a.body)),
		ContentLength: int64(len(a.body)),
		Request:       req,
	}
}

// sdkError is the error for an answer that is not ok.
func (a *answer) sdkError(c *call) *sdk.Error {
	host := sanitize.Line(c.host(), 200)
	unavailable := &sdk.Error{Reason: flowv1.ReasonTemporarilyUnavailable}
	switch {
	case c.xml:
		return federationError(host, a)
	case a.isOAuth:
		e := a.oauth.sdkError(c.secrets)
		if a.busy(c) {
			e.Reason = flowv1.ReasonTemporarilyUnavailable
		}
		return e
	case a.status >= 300 && a.status < 400:
		unavailable.Message = fmt.Sprintf("%s answered with a redirect (%d), which is never followed", host, a.status)
	case a.status == http.StatusTooManyRequests:
		unavailable.Message = fmt.Sprintf("%s turns requests away for now (429)", host)
	case a.status == http.StatusProxyAuthRequired:
		unavailable.Message = "the proxy wants to be signed in to (407)"
	default:
		unavailable.Message = fmt.Sprintf("%s answered %d and no OAuth error", host, a.status)
	}
	return unavailable
}

// federationError reads a SOAP fault only for the one thing that a person can act
// on. The subcode is WS-Security's (SOAP Message Security 1.1, section 12).
func federationError(host string, a *answer) *sdk.Error {
	if bytes.Contains(a.body, []byte(":FailedAuthentication")) {
		return &sdk.Error{Reason: flowv1.ReasonInvalidGrant, Message: fmt.Sprintf("wrong user name or password, says the organization's own server %s", host)}
	}
	return &sdk.Error{Reason: flowv1.ReasonTemporarilyUnavailable, Message: fmt.Sprintf("the organization's own server %s answered %d", host, a.status)}
}
