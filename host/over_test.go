package host_test

import (
	"testing"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/launch"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// A refresh token that is over is redeemed once, and one that only fails now, or
// only for one request, as often as somebody asks.
func TestAStateThatIsOver(t *testing.T) {
	numbered := func(why string, aadsts int) *launch.FlowError {
		e := reason(why)
		e.AADSTS = aadsts
		return e
	}
	claims := reason(flowv1.ReasonInvalidGrant)
	claims.Claims = `{"access_token":{"x":null}}`
	elsewhere := host.TokenRequest{Tenant: "fabrikam.example"}
	for name, c := range map[string]struct {
		err  error
		req  host.TokenRequest
		over bool
	}{
		"refused":                      {reason(flowv1.ReasonInvalidGrant), host.TokenRequest{}, true},
		"revoked":                      {numbered(flowv1.ReasonInvalidGrant, 50173), host.TokenRequest{}, true},
		"revoked, as our flows say":    {numbered(flowv1.ReasonInteractionRequired, 50173), host.TokenRequest{}, true},
		"a second factor":              {numbered(flowv1.ReasonInteractionRequired, 50076), host.TokenRequest{}, false},
		"a policy's frequency":         {numbered(flowv1.ReasonInvalidGrant, 70043), host.TokenRequest{}, false},
		"claims":                       {claims, host.TokenRequest{}, false},
		"in another tenant":            {reason(flowv1.ReasonInvalidGrant), elsewhere, false},
		"down":                         {reason(flowv1.ReasonTemporarilyUnavailable), host.TokenRequest{}, false},
		"down, by a number of a grant": {numbered(flowv1.ReasonTemporarilyUnavailable, 50173), host.TokenRequest{}, false},
		"dead flow":                    {&launch.PluginError{Flow: "browser", What: "died"}, host.TokenRequest{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			h := w.host()
			if _, err := h.SignIn(t.Context(), host.TokenRequest{}); err != nil {
				t.Fatal(err)
			}
			w.pass(hour)
			w.flows["browser"] = failsSilently(c.err)
			w.launches()
			c.req.Interaction = host.Never
			_, first := h.GetToken(t.Context(), c.req)
			wantLaunches(t, w, "browser NEVER")
			for range 3 {
				_, err := h.GetToken(t.Context(), c.req)
				want(t, "exit code of the next", code(err), code(first))
				want(t, "its next step", problem(t, err).Next == problem(t, first).Next, true)
			}
			if c.over {
				wantLaunches(t, w)
			} else {
				wantLaunches(t, w, "browser NEVER", "browser NEVER", "browser NEVER")
				return
			}
			if _, err := h.GetToken(t.Context(), host.TokenRequest{}); err != nil {
				t.Fatal(err)
			}
			wantLaunches(t, w, "browser IF_NEEDED")
			want(t, "the hint", w.last().GetUsername(), "alice@contoso.example")
			w.pass(hour)
			w.flows["browser"] = signsIn("alice")
			if _, err := h.GetToken(t.Context(), c.req); err != nil {
				t.Error(err)
			}
		})
	}
}
