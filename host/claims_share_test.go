package host_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authlatch/authlatch/host"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// A request with claims takes what another one, of whatever process, has got with
// the same claims while it waited; never what was there before, nor what others
// have got with other claims or none.
func TestClaimsAreSharedWithWhoWaited(t *testing.T) {
	c1, c2 := `{"access_token":{"nbf":{"value":"1"}}}`, `{"access_token":{"nbf":{"value":"2"}}}`
	for _, together := range []bool{true, false} {
		for name, asked := range map[string][]string{"the same": {c1, c1, c1}, "others": {c1, c2, c1}, "none among them": {c1, "", c1}} {
			t.Run(fmt.Sprintf("%s/together=%t", name, together), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t)
					next := w.sharing(together)
					if _, err := next().SignIn(t.Context(), host.TokenRequest{}); err != nil {
						t.Fatal(err)
					}
					get := func(claims string) string {
						tok, err := next().GetToken(t.Context(), host.TokenRequest{Claims: claims})
						if err != nil {
							t.Error(err)
							return ""
						}
						return tok.Secret.Reveal()
					}
					get(c1) // is of no use to who comes later
					w.pass(time.Hour)
					w.launches()
					gated, open := gate(signsIn("alice"))
					w.flows["browser"] = gated
					got := make([]string, len(asked))
					var all sync.WaitGroup
					for i, claims := range asked {
						all.Go(func() { got[i] = get(claims) })
						synctest.Wait() // in this order
					}
					open()
					all.Wait()
					launches := len(w.launches())
					switch name {
					case "the same":
						want(t, "launches", launches, 1)
						want(t, "tokens", got[0] == got[1] && got[1] == got[2], true)
					case "others":
						want(t, "another's token", got[1] != got[0] && got[1] != got[2], true)
					default:
						want(t, "at least one with claims and none without", launches >= 1, true)
					}
					w.launches()
					get(c1)
					wantLaunches(t, w, "browser NEVER")
				})
			})
		}
	}
}

// The same for a sign-in that the claims make necessary.
func TestClaimsThatNeedAPersonAskOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		next := w.processes()
		if _, err := next().SignIn(t.Context(), host.TokenRequest{}); err != nil {
			t.Fatal(err)
		}
		w.launches()
		gated, open := gate(failsSilently(reason(flowv1.ReasonInteractionRequired)))
		w.flows["browser"] = gated
		var all sync.WaitGroup
		for range 5 {
			h := next()
			all.Go(func() {
				if _, err := h.GetToken(t.Context(), host.TokenRequest{Claims: `{"access_token":{}}`}); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		open()
		all.Wait()
		prompts := 0
		for _, l := range w.launches() {
			if l == "browser IF_NEEDED" {
				prompts++
			}
		}
		want(t, "prompts", prompts, 1)
	})
}
