package entra

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
	"github.com/authlatch/authlatch/sdk"
)

// observed is what the transport saw in one call of MSAL's, for what MSAL keeps
// to itself or loses.
type observed struct {
	discovery bool   // an authority's metadata were read
	issuer    string // theirs
	realm     string // a user realm's account type; "unknown" if it named none
	token     bool   // a token was asked for
	tokenOK   bool   // and answered with 200
	tokenType string
	granted   []string // nil if the answer names no scopes: those asked for
	device    *deviceAnswer
	// federation is the organization's own server, if it answered.
	federation string
}

// declined are the scopes that were asked for and not granted.
func (o observed) declined(asked []string) []string {
	if o.granted == nil {
		return nil
	}
	var out []string
	for _, s := range asked {
		if !slices.ContainsFunc(o.granted, func(g string) bool { return strings.EqualFold(g, s) }) {
			out = append(out, s)
		}
	}
	return out
}

// observe reads a 200. What is not the JSON that it must be never gets to MSAL,
// whose errors would quote it.
func (t *transport) observe(c *call, ans *answer) error {
	if c.xml {
		t.seen.federation = c.host()
		return nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(ans.body, &fields); err != nil || fields == nil {
		return unreadable(c.host())
	}
	str := func(name string) string {
		var s string
		_ = json.Unmarshal(fields[name], &s)
		return s
	}
	switch path := c.req.URL.Path; {
	case c.device:
		d, ok := parseDeviceAnswer(ans.body)
		if !ok {
			return unreadable(c.host())
		}
		t.seen.device = &d
	case c.grant != "":
		t.seen.tokenOK, t.seen.tokenType = true, str("token_type")
		if scope := strings.Fields(str("scope")); len(scope) > 0 {
			t.seen.granted = scope
			ans.body = withOpenID(c, fields, scope, ans.body)
		}
	case strings.HasSuffix(path, "/.well-known/openid-configuration"):
		t.seen.discovery, t.seen.issuer = true, str("issuer")
		t.plan.endpoint = deviceEndpoint(str("device_authorization_endpoint"), str("token_endpoint"))
	case strings.Contains(path, "/common/UserRealm/"):
		if t.seen.realm = str("account_type"); t.seen.realm == "" {
			t.seen.realm = "unknown"
		}
	}
	return nil
}

// withOpenID adds openid to the granted scopes if nothing else was asked for: MSAL
// drops an answer whose scope lacks one that was asked for, and providers need
// not list openid (traps.md, MSAL 8).
func withOpenID(c *call, fields map[string]json.RawMessage, granted []string, body []byte) []byte {
	for _, s := range strings.Fields(c.form.Get("scope")) {
		if !slices.Contains(openIDScopes, s) {
			return body
		}
	}
	if slices.Contains(granted, "openid") {
		return body
	}
	scope, err := json.Marshal(strings.Join(append(granted, "openid"), " "))
	if err != nil {
		return body
	}
	fields["scope"] = scope
	if b, err := json.Marshal(fields); err == nil {
		return b
	}
	return body
}

// deviceEndpoint is where a code is asked for: the advertised endpoint, if it is
// on the token endpoint's host, or else what Entra ID and AD FS have beside the
// token endpoint. nil if there is neither.
func deviceEndpoint(device, token string) *url.URL {
	tok, err := url.Parse(token)
	if err != nil || tok.Scheme != "https" {
		return nil
	}
	if d, err := url.Parse(device); err == nil && d.Scheme == "https" && strings.EqualFold(tok.Host, d.Host) {
		return d
	}
	beside, ok := strings.CutSuffix(tok.EscapedPath(), "/token")
	if !ok {
		return nil
	}
	// What is left is a prefix of a valid escaped path, so it is one.
	tok.RawPath = beside + "/devicecode"
	tok.Path, _ = url.PathUnescape(tok.RawPath)
	return tok
}

// deviceAnswer has the fields of RFC 8628 section 3.2 that are for people, and
// Entra ID's message.
type deviceAnswer struct {
	UserCode                string `json:"user_code"`
	VerificationURI         string `json:"verification_uri"`
	VerificationURIComplete string `json:"verification_uri_complete"`
	ExpiresIn               int64  `json:"expires_in"`
	Interval                int64  `json:"interval"`
	Message                 string `json:"message"`
}

// Bounds of what a server may say about time, so that nothing overflows and
// nobody waits for a day.
const (
	maxExpiry       = int64(24 * 60 * 60)
	defaultInterval = int64(5) // RFC 8628 section 3.2, where there is none
	maxInterval     = int64(60)
)

func parseDeviceAnswer(body []byte) (deviceAnswer, bool) {
	var d deviceAnswer
	if err := json.Unmarshal(body, &d); err != nil || d.UserCode == "" || d.VerificationURI == "" || d.ExpiresIn <= 0 {
		return deviceAnswer{}, false
	}
	d.ExpiresIn = min(d.ExpiresIn, maxExpiry)
	if d.Interval <= 0 {
		d.Interval = defaultInterval
	}
	d.Interval = min(d.Interval, maxInterval)
	return d, true
}

// deviceAuthorization returns what the person must see and plans the polls.
func (t *transport) deviceAuthorization(timeout time.Duration) (sdk.DeviceAuthorization, error) {
	d := t.seen.device
	if d == nil {
		return sdk.DeviceAuthorization{}, &sdk.Error{Reason: flowv1.ReasonTemporarilyUnavailable, Message: "the provider gave no code"}
	}
	life := time.Duration(d.ExpiresIn) * time.Second
	if timeout > 0 {
		life = min(life, timeout)
	}
	t.plan.interval = time.Duration(d.Interval) * time.Second
	t.plan.end = t.clock.Now().Add(life)
	return sdk.DeviceAuthorization{
		UserCode:                d.UserCode,
		VerificationURI:         d.VerificationURI,
		VerificationURIComplete: d.VerificationURIComplete,
		ExpiresIn:               life,
		Interval:                t.plan.interval,
		Message:                 d.Message,
	}, nil
}
