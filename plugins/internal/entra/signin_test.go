package entra

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/authlatch/authlatch/plugins/internal/entra/entratest"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
	"github.com/authlatch/authlatch/sdk"
)

func TestAuthCodeURL(t *testing.T) {
	req := fakeRequest()
	req.Claims = `{"id_token":{"auth_time":null}}`
	c, err := New(req, withProvider(&provider{}))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	raw, err := c.AuthCodeURL(t.Context(), AuthCode{
		RedirectURI: "http://localhost:8400", State: "state-1", Challenge: "challenge-1",
		ResponseMode: "form_post", Prompt: "select_account", LoginHint: "alice@contoso.example", DomainHint: "contoso.example",
	})
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	if got := u.Scheme + "://" + u.Host + u.Path; got != "https://login.microsoftonline.com/organizations/oauth2/v2.0/authorize" {
		t.Errorf("endpoint %s", got)
	}
	for name, want := range map[string]string{
		"client_id": fakeClient, "response_type": "code", "redirect_uri": "http://localhost:8400",
		"scope": fakeScope + " openid profile offline_access", "state": "state-1", "code_challenge": "challenge-1",
		"code_challenge_method": "S256", "response_mode": "form_post", "prompt": "select_account",
		"login_hint": "alice@contoso.example", "domain_hint": "contoso.example",
		"claims": `{"access_token":{"xms_cc":{"values":["cp1"]}},"id_token":{"auth_time":null}}`,
	} {
		if got := u.Query().Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}

// A redirect with an error is explained as a token error is.
func TestAuthorizationError(t *testing.T) {
	err := AuthorizationError(url.Values{"error": {"access_denied"}, "error_subcode": {"cancel"},
		"error_description": {"AADSTS65004: User declined to consent to access the app.\r\nTrace ID: x"}})
	e := wantReason(t, err, flowv1.ReasonAccessDenied)
	if e.AADSTS != 65004 || e.Message != "user declined to consent to access the app" || e.Suberror != "cancel" {
		t.Errorf("%+v", e)
	}
}

// The code is redeemed as a bearer token and bound by a refresh at once.
func TestBoundTokenAfterSignIn(t *testing.T) {
	req := fakeRequest()
	req.Mode, req.TokenType, req.ReqCnf, req.KeyID = sdk.Force, "pop", "cnf", "k"
	p := &provider{token: func(f url.Values) reply {
		return reply{body: goodToken(map[string]any{"token_type": map[bool]string{true: "pop", false: "Bearer"}[f.Has("req_cnf")]})}
	}}
	tok, err := GetToken(t.Context(), req, signInBy, withProvider(p))
	if err != nil {
		t.Fatal(err)
	}
	var grants []string
	for _, f := range p.forms {
		grants = append(grants, f.Get("grant_type")+" "+f.Get("token_type"))
	}
	if want := []string{"authorization_code ", "refresh_token pop"}; !slices.Equal(grants, want) || tok.TokenType != "pop" {
		t.Errorf("grants %q, want %q; type %q", grants, want, tok.TokenType)
	}
}

const deviceBody = `{"user_code":"ABCD","device_code":"device-code-canary","verification_uri":"https://idp.example/device","verification_uri_complete":"https://idp.example/device?c=ABCD","expires_in":60,"interval":3,"message":"go there"}`

// deviceRun signs in by device code with scripted polls.
func deviceRun(t *testing.T, timeout time.Duration, body string, polls ...reply) ([]time.Duration, *provider, error) {
	t.Helper()
	clock := entratest.NewClock()
	p := &provider{other: func(*http.Request, string) reply { return reply{body: body} }}
	p.token = func(url.Values) reply {
		if len(polls) == 0 {
			return reply{status: 400, body: `{"error":"authorization_pending"}`}
		}
		r := polls[0]
		polls = polls[1:]
		return r
	}
	req := fakeRequest()
	req.Mode = sdk.Force
	_, err := GetToken(t.Context(), req, func(ctx context.Context, c *Client) (*sdk.Token, error) {
		return c.DeviceCode(ctx, timeout, func(d sdk.DeviceAuthorization) error {
			if d.UserCode != "ABCD" || d.VerificationURIComplete != "https://idp.example/device?c=ABCD" || d.Message != "go there" {
				t.Errorf("shown %+v", d)
			}
			return nil
		})
	}, withProvider(p), WithClock(clock))
	return clock.Sleeps(), p, err
}

func TestDevicePolling(t *testing.T) {
	s := time.Second
	oauth := func(code string) reply { return reply{status: 400, body: fmt.Sprintf(`{"error":%q}`, code)} }
	pending, slower, good := oauth("authorization_pending"), oauth("slow_down"), reply{body: goodToken(nil)}
	reset := reply{err: syscall.ECONNRESET}
	for name, c := range map[string]struct {
		timeout time.Duration
		polls   []reply
		sleeps  []time.Duration
		reason  string
	}{
		"at once":               {polls: []reply{good}, sleeps: []time.Duration{3 * s}},
		"pending":               {polls: []reply{pending, pending, good}, sleeps: []time.Duration{3 * s, 3 * s, 3 * s}},
		"slow down twice":       {polls: []reply{slower, pending, slower, good}, sleeps: []time.Duration{3 * s, 8 * s, 8 * s, 13 * s}},
		"429":                   {polls: []reply{{status: 429, header: after("20")}, good}, sleeps: []time.Duration{3 * s, 20 * s}},
		"503 in between":        {polls: []reply{{status: 503}, {status: 503}, pending, good}, sleeps: []time.Duration{3 * s, 6 * s, 12 * s, 3 * s}},
		"a reset in between":    {polls: []reply{reset, good}, sleeps: []time.Duration{3 * s, 6 * s}},
		"down":                  {polls: slices.Repeat([]reply{{status: 503}}, 6), timeout: time.Hour, reason: flowv1.ReasonExpiredToken, sleeps: []time.Duration{3 * s, 6 * s, 12 * s, 24 * s, 15 * s}},
		"declined":              {polls: []reply{pending, oauth("authorization_declined")}, sleeps: []time.Duration{3 * s, 3 * s}, reason: flowv1.ReasonAccessDenied},
		"expired, says the IdP": {polls: []reply{oauth("expired_token")}, sleeps: []time.Duration{3 * s}, reason: flowv1.ReasonExpiredToken},
		"expired, older words":  {polls: []reply{oauth("code_expired")}, sleeps: []time.Duration{3 * s}, reason: flowv1.ReasonExpiredToken},
		"expired, by the clock": {timeout: 7 * s, sleeps: []time.Duration{3 * s, 3 * s, s}, reason: flowv1.ReasonExpiredToken},
		"not JSON":              {polls: []reply{{body: "<html>"}}, sleeps: []time.Duration{3 * s}, reason: flowv1.ReasonTemporarilyUnavailable},
		"a redirect":            {polls: []reply{{status: 307}}, sleeps: []time.Duration{3 * s}, reason: flowv1.ReasonTemporarilyUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			sleeps, p, err := deviceRun(t, c.timeout, deviceBody, c.polls...)
			if c.reason != "" {
				wantReason(t, err, c.reason)
			} else if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(sleeps, c.sleeps) {
				t.Errorf("slept %v, want %v", sleeps, c.sleeps)
			}
			for _, f := range p.forms {
				if f.Get("device_code") != "device-code-canary" || !strings.Contains(f.Get("claims"), "cp1") {
					t.Errorf("poll %v", f)
				}
			}
		})
	}
}

// A provider that stays down ends the sign-in before the code does.
func TestDevicePollingGivesUp(t *testing.T) {
	long := strings.Replace(deviceBody, `"expires_in":60`, `"expires_in":900`, 1)
	sleeps, _, err := deviceRun(t, 0, long, slices.Repeat([]reply{{status: 503}}, 9)...)
	wantReason(t, err, flowv1.ReasonTemporarilyUnavailable)
	if len(sleeps) != maxFailedPolls+1 {
		t.Errorf("%d polls, want %d", len(sleeps), maxFailedPolls+1)
	}
}

func TestDeviceAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		body   string
		sleeps []time.Duration // none: refused
	}{
		"no interval":       {strings.Replace(deviceBody, `"interval":3,`, "", 1), []time.Duration{5 * time.Second}},
		"interval of a day": {strings.NewReplacer(`"interval":3`, `"interval":86400`, `"expires_in":60`, `"expires_in":900`).Replace(deviceBody), []time.Duration{time.Minute}},
		"negative interval": {strings.Replace(deviceBody, `"interval":3`, `"interval":-3`, 1), []time.Duration{5 * time.Second}},
		"no expiry":         {strings.Replace(deviceBody, `"expires_in":60,`, "", 1), nil},
		"no code":           {strings.Replace(deviceBody, `"user_code":"ABCD",`, "", 1), nil},
		"expiry is a word":  {strings.Replace(deviceBody, `"expires_in":60`, `"expires_in":"long"`, 1), nil},
	} {
		t.Run(name, func(t *testing.T) {
			sleeps, _, err := deviceRun(t, 0, c.body, reply{body: goodToken(nil)})
			if !slices.Equal(sleeps, c.sleeps) {
				t.Errorf("slept %v, want %v", sleeps, c.sleeps)
			}
			if c.sleeps == nil {
				wantReason(t, err, flowv1.ReasonTemporarilyUnavailable)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

// What show returns ends the sign-in as it is: nobody can be asked, declined.
func TestDeviceNotShown(t *testing.T) {
	req := fakeRequest()
	req.Mode = sdk.Force
	p := &provider{other: func(*http.Request, string) reply { return reply{body: deviceBody} }}
	_, err := GetToken(t.Context(), req, func(ctx context.Context, c *Client) (*sdk.Token, error) {
		return c.DeviceCode(ctx, 0, func(sdk.DeviceAuthorization) error { return sdk.ErrUnavailable })
	}, withProvider(p))
	if !errors.Is(err, sdk.ErrUnavailable) || len(p.forms) > 0 {
		t.Errorf("error %v after %d polls, want ErrUnavailable after none", err, len(p.forms))
	}
}
