package entra

import (
	"net/url"
	"strings"
	"testing"
	"time"

	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

func TestIDToken(t *testing.T) {
	state := fakeState(t)
	for name, c := range map[string]struct {
		scopes []string
		answer map[string]any
		fails  bool
	}{
		"with a scope":                     {scopes: []string{fakeScope}},
		"with no scope":                    {},
		"the answer does not list openid":  {answer: map[string]any{"scope": "email"}},
		"the answer lists no scope at all": {answer: map[string]any{"scope": nil}},
		"the answer has no ID token":       {answer: map[string]any{"id_token": nil}, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			req := fakeRequest()
			req.State, req.IDToken, req.Scopes = state, true, c.scopes
			p := &provider{token: func(url.Values) reply { return reply{body: goodToken(c.answer)} }}
			tok, err := GetToken(t.Context(), req, noSignIn(t), withProvider(p))
			if c.fails {
				wantReason(t, err, flowv1.ReasonTemporarilyUnavailable)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(tok.Secret.Reveal(), "eyJ") {
				t.Errorf("secret %q, want an ID token", tok.Secret.Reveal())
			}
			if d := time.Until(tok.ExpiresOn); d < 59*time.Minute || d > 61*time.Minute {
				t.Errorf("expires in %v, want its exp, an hour", d)
			}
		})
	}
}

func TestBoundToken(t *testing.T) {
	state := fakeState(t)
	for name, c := range map[string]struct {
		answered string
		fails    bool
	}{"bound": {answered: "pop"}, "ignored by the provider": {answered: "Bearer", fails: true}} {
		t.Run(name, func(t *testing.T) {
			req := fakeRequest()
			req.State, req.TokenType, req.ReqCnf, req.KeyID = state, "pop", "eyJraWQiOiJrIn0", "k"
			p := &provider{token: func(url.Values) reply { return reply{body: goodToken(map[string]any{"token_type": c.answered})} }}
			tok, err := GetToken(t.Context(), req, noSignIn(t), withProvider(p))
			if f := p.forms[0]; f.Get("token_type") != "pop" || f.Get("req_cnf") != req.ReqCnf {
				t.Errorf("form %v", f)
			}
			if c.fails {
				wantReason(t, err, flowv1.ReasonInvalidRequest)
				return
			}
			if err != nil || tok.TokenType != "pop" || tok.Secret.Reveal() != canaryAT {
				t.Errorf("token %+v, error %v; want the raw bound token", tok, err)
			}
		})
	}
}
