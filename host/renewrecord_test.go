package host_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/store"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

func (w *world) wantNoRecord() {
	w.t.Helper()
	tokens := w.Store.Tokens(w.Settings.Identity())
	if len(tokens) != 1 || tokens[0].Renewal != (store.Renewal{}) {
		w.t.Errorf("on record: %+v", tokens)
	}
}

// What is on record is of the token that there is: one that came by another way
// than a renewal ahead begins anew.
func TestANewTokenHasNoFailedRenewals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		h := w.due()
		w.flows["browser"] = fails(reason(flowv1.ReasonTemporarilyUnavailable))
		for range 3 {
			w.get(h, "token-1")
			synctest.Wait()
			w.pass(5 * time.Minute)
		}
		wantLaunches(t, w, "browser NEVER", "browser NEVER", "browser NEVER")
		w.pass(hour / 2) // nothing is left to hand out
		w.flows["browser"] = w.renewable()
		w.get(h, "token-5")
		wantLaunches(t, w, "browser NEVER")
		w.wantNoRecord()
	})
}

// A renewal that was claimed by who had read the token before has nothing to do,
// and has not failed either.
func TestALateRenewalIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var asked []host.TokenRequest
		w.Renew = func(req host.TokenRequest) { asked = append(asked, req) }
		h := w.due()
		w.get(h, "token-1")
		if err := h.Renew(t.Context(), asked[0]); err != nil {
			t.Fatal(err)
		}
		wantLaunches(t, w, "browser NEVER")
		scopes, err := w.Settings.Scopes(nil, "")
		if err != nil {
			t.Fatal(err)
		}
		if !w.Store.ClaimRenewal(w.Settings.TokenKey(scopes, "")) {
			t.Fatal("not claimed")
		}
		if err := h.Renew(t.Context(), asked[0]); err != nil {
			t.Fatal(err)
		}
		wantLaunches(t, w)
		w.wantNoRecord()
	})
}
