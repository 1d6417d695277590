package entra

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authlatch/authlatch/plugins/internal/entra/entratest"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
	"github.com/authlatch/authlatch/sdk"
)

// refusal is an OAuth error answer.
func refusal(body string) func(url.Values) reply {
	return func(url.Values) reply { return reply{status: http.StatusBadRequest, body: body} }
}

// A refresh is two requests, and says all that the host needs.
func TestSilentRefresh(t *testing.T) {
	req := fakeRequest()
	req.State = fakeState(t)
	req.Tenant = "guest.example"
	req.Claims = `{"access_token":{"nbf":{"essential":true,"value":"1"}}}`
	p := &provider{token: func(url.Values) reply { return reply{body: goodToken(map[string]any{"refresh_in": 1800})} }}
	tok, err := GetToken(t.Context(), req, noSignIn(t), withProvider(p))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{
		"https://login.microsoftonline.com/guest.example/v2.0/.well-known/openid-configuration?",
		"https://login.microsoftonline.com/guest.example/oauth2/v2.0/token",
	}; !slices.Equal(p.urls, want) {
		t.Errorf("requests %q, want %q", p.urls, want)
	}
	form := p.forms[0]
	if form.Get("grant_type") != "refresh_token" || form.Get("refresh_token") != canaryRT || form.Get("client_id") != fakeClient {
		t.Errorf("form %v", form)
	}
	if claims := form.Get("claims"); !strings.Contains(claims, `"xms_cc":{"values":["cp1"]}`) || !strings.Contains(claims, `"nbf"`) {
		t.Errorf("claims %s, want capability and challenge", claims)
	}
	if tok.Secret.Reveal() != canaryAT || tok.TokenType != "Bearer" {
		t.Errorf("token %q of type %q", tok.Secret.Reveal(), tok.TokenType)
	}
	if want := (sdk.Account{ID: fakeHome, Username: "alice@contoso.example", Tenant: "home-tenant", Environment: fakeHost}); tok.Account != want {
		t.Errorf("account %+v, want %+v", tok.Account, want)
	}
	if d := time.Until(tok.RefreshOn); d < 29*time.Minute || d > 31*time.Minute {
		t.Errorf("refresh in %v, want half an hour", d)
	}
}

// An answer without ID token, client_info and refresh token: the state fills in.
func TestSilentBareAnswer(t *testing.T) {
	req := fakeRequest()
	req.State = fakeState(t)
	p := &provider{token: func(url.Values) reply {
		return reply{body: goodToken(map[string]any{"id_token": nil, "client_info": nil, "refresh_token": nil, "scope": nil})}
	}}
	tok, err := GetToken(t.Context(), req, noSignIn(t), withProvider(p))
	if err != nil {
		t.Fatal(err)
	}
	if tok.Account.ID != fakeHome || tok.Account.Username != "alice@contoso.example" {
		t.Errorf("account %+v", tok.Account)
	}
	req.State = tok.State
	if _, err := GetToken(t.Context(), req, noSignIn(t), withProvider(&provider{})); err != nil {
		t.Errorf("the state that was returned: %v", err)
	}
}

func TestSilentRefusals(t *testing.T) {
	state := fakeState(t)
	for name, c := range map[string]struct {
		noState bool
		token   func(url.Values) reply
		want    sdk.Error
	}{
		"no state": {noState: true, want: sdk.Error{Reason: flowv1.ReasonInteractionRequired, Message: "nobody is signed in"}},
		"revoked": {
			token: refusal(`{"error":"invalid_grant","error_codes":[50173],"error_description":"AADSTS50173: Revoked.","correlation_id":"c-1"}`),
			want:  sdk.Error{Reason: flowv1.ReasonInteractionRequired, AADSTS: 50173, Message: "revoked", CorrelationID: "c-1"},
		},
		"second factor": {
			token: refusal(`{"error":"interaction_required","suberror":"basic_action","error_codes":[50076],"error_description":"AADSTS50076: MFA.","claims":"{\"id_token\":{}}"}`),
			want:  sdk.Error{Reason: flowv1.ReasonInteractionRequired, AADSTS: 50076, Message: "MFA", Suberror: "basic_action", Claims: `{"id_token":{}}`},
		},
		"device policy": {
			token: refusal(`{"error":"invalid_grant","error_codes":[53003],"error_description":"AADSTS53003: Blocked."}`),
			want:  sdk.Error{Reason: flowv1.ReasonInteractionRequired, AADSTS: 53003, Message: "blocked"},
		},
		"consent": {
			token: refusal(`{"error":"invalid_grant","suberror":"consent_required","error_codes":[65001],"error_description":"AADSTS65001: No consent."}`),
			want:  sdk.Error{Reason: flowv1.ReasonInteractionRequired, AADSTS: 65001, Message: "no consent", Suberror: "consent_required"},
		},
		"client": {
			token: refusal(`{"error":"unauthorized_client","error_codes":[700016],"error_description":"AADSTS700016: No such application."}`),
			want:  sdk.Error{Reason: flowv1.ReasonInvalidClient, AADSTS: 700016, Message: "no such application"},
		},
		"scope": {
			token: refusal(`{"error":"invalid_scope","error_codes":[70011],"error_description":"AADSTS70011: Bad scope."}`),
			want:  sdk.Error{Reason: flowv1.ReasonInvalidScope, AADSTS: 70011, Message: "bad scope"},
		},
		"declined scope": {
			token: func(url.Values) reply { return reply{body: goodToken(map[string]any{"scope": "openid profile other"})} },
			want:  sdk.Error{Reason: flowv1.ReasonInteractionRequired, Message: "not granted: " + fakeScope},
		},
		"malformed with tokens": {
			token: func(url.Values) reply { return reply{body: `{"access_token":"` + canaryAT + `","oops":[`} },
			want:  sdk.Error{Reason: flowv1.ReasonTemporarilyUnavailable, Message: "the answer of login.microsoftonline.com cannot be understood"},
		},
		"fields of other types, with tokens": {
			token: func(url.Values) reply { return reply{body: goodToken(map[string]any{"expires_in": "soon"})} },
			want:  sdk.Error{Reason: flowv1.ReasonTemporarilyUnavailable, Message: "the answer of login.microsoftonline.com cannot be understood"},
		},
		"an array": {
			token: func(url.Values) reply { return reply{body: `["` + canaryAT + `"]`} },
			want:  sdk.Error{Reason: flowv1.ReasonTemporarilyUnavailable, Message: "the answer of login.microsoftonline.com cannot be understood"},
		},
		"a refusal with status 200": {
			token: func(url.Values) reply {
				return reply{body: `{"error":"invalid_grant","access_token":"` + canaryAT + `"}`}
			},
			want: sdk.Error{Reason: flowv1.ReasonTemporarilyUnavailable, Message: "the answer of login.microsoftonline.com cannot be understood"},
		},
		"a page": {
			token: func(url.Values) reply { return reply{status: 404, body: "<html>" + canaryAT} },
			want:  sdk.Error{Reason: flowv1.ReasonTemporarilyUnavailable, Message: "login.microsoftonline.com answered 404 and no OAuth error"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := &provider{token: c.token}
			req := fakeRequest()
			if !c.noState {
				req.State = state
			}
			_, err := GetToken(t.Context(), req, noSignIn(t), withProvider(p), WithClock(entratest.NewClock()))
			got := *wantReason(t, err, c.want.Reason)
			got.Err = nil
			if got != c.want {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
			if c.noState && len(p.urls) > 0 {
				t.Errorf("requests were sent: %q", p.urls)
			}
		})
	}
}

var errAsked = errors.New("asked")

// Who is asked when: only a refusal that a person can resolve leads to a prompt.
func TestModes(t *testing.T) {
	state := fakeState(t)
	revoked := refusal(`{"error":"invalid_grant","error_codes":[50076],"claims":"{\"access_token\":{\"acrs\":{\"value\":\"c1\"}}}"}`)
	down := func(url.Values) reply { return reply{status: 503} }
	for name, c := range map[string]struct {
		mode  sdk.Mode
		state []byte
		token func(url.Values) reply
		asked bool
	}{
		"never, nobody signed in":     {mode: sdk.Never},
		"never, refused":              {mode: sdk.Never, state: state, token: revoked},
		"if needed, not needed":       {mode: sdk.IfNeeded, state: state},
		"if needed, nobody signed in": {mode: sdk.IfNeeded, asked: true},
		"if needed, refused":          {mode: sdk.IfNeeded, state: state, token: revoked, asked: true},
		"if needed, provider down":    {mode: sdk.IfNeeded, state: state, token: down},
		"if needed, wrong client":     {mode: sdk.IfNeeded, state: state, token: refusal(`{"error":"invalid_client"}`)},
		"force":                       {mode: sdk.Force, state: state, asked: true},
	} {
		t.Run(name, func(t *testing.T) {
			req := fakeRequest()
			req.Mode, req.State, req.Claims = c.mode, c.state, `{"id_token":{"x":null}}`
			p := &provider{token: c.token}
			_, err := GetToken(t.Context(), req, func(_ context.Context, cl *Client) (*sdk.Token, error) {
				if c.token != nil && cl.claims != `{"access_token":{"acrs":{"value":"c1"}},"id_token":{"x":null}}` {
					t.Errorf("the sign-in would carry claims %s", cl.claims)
				}
				return nil, errAsked
			}, withProvider(p), WithClock(entratest.NewClock()))
			if asked := errors.Is(err, errAsked); asked != c.asked {
				t.Errorf("asked %v (error %v), want %v", asked, err, c.asked)
			}
			if c.mode == sdk.Force && len(p.forms) > 0 {
				t.Error("force tried the state first")
			}
		})
	}
}
