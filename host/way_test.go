package host_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/launch"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// hour is the life of the fake flows' tokens.
const hour = time.Hour

// The way of a token: after a sign-in at time zero, a call that is made later,
// and what it launches.
func TestWayOfAToken(t *testing.T) {
	dead := reason(flowv1.ReasonInvalidGrant)
	dead.AADSTS = 50173
	down := reason(flowv1.ReasonTemporarilyUnavailable)
	cases := []struct {
		name     string
		after    time.Duration
		renewing behaviour // what the flow does from then on; nil: as before
		req      host.TokenRequest
		launches string
		token    string // "" for an error
		code     host.ExitCode
	}{
		{"warm: a token with life left", 10 * time.Minute, nil, host.TokenRequest{}, "", "token-1", 0},
		{"warm: also where nobody may be asked", 10 * time.Minute, nil, host.TokenRequest{Interaction: host.Never}, "", "token-1", 0},
		{"silent: expired", hour, nil, host.TokenRequest{}, "browser NEVER", "token-2", 0},
		{"silent: nearly expired", hour - time.Minute, nil, host.TokenRequest{}, "browser NEVER", "token-2", 0},
		{"silent: another scope", 0, nil, host.TokenRequest{Scopes: []string{"https://vault.azure.net/.default"}}, "browser NEVER", "token-2", 0},
		{"silent: another tenant", 0, nil, host.TokenRequest{Tenant: "fabrikam.example"}, "browser NEVER", "token-2", 0},
		{"silent: claims never read the cache", 0, nil, host.TokenRequest{Claims: `{"access_token":{}}`}, "browser NEVER", "token-2", 0},
		{"silent: an ID token is another token", 0, nil, host.TokenRequest{IDToken: true}, "browser NEVER", "token-2", 0},
		{"interactive: the grant is over", hour, failsSilently(dead), host.TokenRequest{}, "browser NEVER, browser IF_NEEDED", "token-3", 0},
		{"interactive: not where nobody may be asked", hour, failsSilently(dead), host.TokenRequest{Interaction: host.Never}, "browser NEVER", "", host.ExitInteraction},
		{"interactive: asked for", 0, nil, host.TokenRequest{Interaction: host.Force}, "browser FORCE", "token-2", 0},
		{"a provider that is down is no reason to ask", hour, failsSilently(down), host.TokenRequest{}, "browser NEVER", "", host.ExitUnavailable},
		{"a flow that dies is no reason to ask", hour, failsSilently(&launch.PluginError{Flow: "browser", What: "died"}), host.TokenRequest{}, "browser NEVER", "", host.ExitPlugin},
		{"another account's token is the flow's failure", hour, signsIn("mallory"), host.TokenRequest{}, "browser NEVER", "", host.ExitPlugin},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			h := w.host()
			if _, err := h.SignIn(t.Context(), host.TokenRequest{}); err != nil {
				t.Fatal(err)
			}
			wantLaunches(t, w, "browser FORCE")
			w.pass(c.after)
			if c.renewing != nil {
				w.flows["browser"] = c.renewing
			}
			tok, err := h.GetToken(t.Context(), c.req)
			want(t, "exit code", code(err), c.code)
			want(t, "launches", strings.Join(w.launches(), ", "), c.launches)
			if c.token != "" && err == nil {
				want(t, "token", tok.Secret.Reveal(), c.token)
				want(t, "username", tok.Account.Username, "alice@contoso.example")
			}
		})
	}
}

func TestNobodySignedIn(t *testing.T) {
	cases := []struct {
		name     string
		change   func(*world)
		req      host.TokenRequest
		launches string
		code     host.ExitCode
	}{
		{"the first flow signs in, with no silent try", nil, host.TokenRequest{}, "browser IF_NEEDED", 0},
		{"one flow by name", nil, host.TokenRequest{Flow: "devicecode"}, "devicecode IF_NEEDED", 0},
		{"nobody may be asked", nil, host.TokenRequest{Interaction: host.Never}, "", host.ExitInteraction},
		{"nobody can be asked", func(w *world) { w.Prompter = nil }, host.TokenRequest{}, "", host.ExitInteraction},
		{"nobody can be asked to sign in", func(w *world) { w.Prompter = nil }, host.TokenRequest{Interaction: host.Force}, "", host.ExitInteraction},
		{"a flow that needs no account comes first", corp(true), host.TokenRequest{Interaction: host.Never}, "corp describe, corp NEVER", 0},
		{"and is asked interactively if it does need a person", corp(false), host.TokenRequest{}, "corp describe, corp NEVER, corp IF_NEEDED", 0},
		{"a flow without that feature is not tried silently", func(w *world) {
			corp(true)(w)
			w.described["corp"].Features = nil
		}, host.TokenRequest{Interaction: host.Never}, "corp describe", host.ExitInteraction},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			if c.change != nil {
				c.change(w)
			}
			c.req.Scopes = []string{"api"}
			_, err := w.host().GetToken(t.Context(), c.req)
			want(t, "exit code", code(err), c.code)
			want(t, "launches", strings.Join(w.launches(), ", "), c.launches)
		})
	}
}

// corp makes the profile's only flow one that can sign in with neither person
// nor account; ticket says whether it succeeds.
func corp(ticket bool) func(*world) {
	return func(w *world) {
		w.Settings = settings(w.t, `flows = ["corp"]`+"\n"+`authority = "https://idp.example"`+"\n"+`client_id = "cli"`)
		w.described["corp"] = &flowv1.DescribeResponse{Name: "corp", Features: []string{flowv1.FeatureSilentWithoutAccount}}
		w.flows["corp"] = failsSilently(reason(flowv1.ReasonInteractionRequired))
		if ticket {
			w.flows["corp"] = func(context.Context, *flowv1.Start, launch.Interactor) (*flowv1.Token, error) {
				return &flowv1.Token{Account: account("alice")}, nil
			}
		}
	}
}
