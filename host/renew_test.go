package host_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/launch"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// renewable is alice's token, to be renewed after half of its life.
func (w *world) renewable() behaviour {
	return func(ctx context.Context, start *flowv1.Start, in launch.Interactor) (*flowv1.Token, error) {
		tok, err := signsIn("alice")(ctx, start, in)
		if err == nil {
			tok.ExpiresOn, tok.RefreshOn = w.now().Add(hour).Unix(), w.now().Add(hour/2).Unix()
		}
		return tok, err
	}
}

// due is a host with a token that is due, but valid.
func (w *world) due() *host.Host {
	w.t.Helper()
	w.flows["browser"] = w.renewable()
	h := w.host()
	w.get(h, "token-1")
	w.pass(hour/2 - time.Second)
	w.get(h, "token-1")
	synctest.Wait()
	w.launches()
	w.pass(time.Second)
	return h
}

// get gets a token and lets what it has begun come to its end.
func (w *world) get(h *host.Host, secret string) {
	w.t.Helper()
	tok, err := h.GetToken(w.t.Context(), host.TokenRequest{})
	if err != nil {
		w.t.Fatal(err)
	}
	want(w.t, "token", tok.Secret.Reveal(), secret)
}

// Past its refresh time a token is handed out at once and renewed meanwhile. If
// that fails, by whatever, it is handed out all the same, and the renewal is
// tried again after a pause that grows.
func TestRenewalAheadOfExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		h := w.due()
		w.flows["browser"] = fails(reason(flowv1.ReasonConsentRequired))
		for _, pause := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute} {
			w.get(h, "token-1")
			synctest.Wait()
			wantLaunches(t, w, "browser NEVER")
			w.pass(pause - time.Second)
			w.get(h, "token-1")
			synctest.Wait()
			wantLaunches(t, w)
			w.pass(time.Second)
		}
		if tokens := w.Store.Tokens(w.Settings.Identity()); len(tokens) != 1 || tokens[0].Renewal.Tries != 3 || tokens[0].Renewal.Failed != flowv1.ReasonConsentRequired {
			t.Errorf("on record: %+v", tokens)
		}

		w.flows["browser"] = w.renewable()
		w.get(h, "token-1") // at once
		synctest.Wait()
		wantLaunches(t, w, "browser NEVER")
		w.get(h, "token-5")
		synctest.Wait()
		wantLaunches(t, w)
		if tokens := w.Store.Tokens(w.Settings.Identity()); tokens[0].Renewal.Tries != 0 {
			t.Errorf("on record: %+v", tokens)
		}
	})
}

func TestTenThousandCallersOneRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		h := w.due()
		var open func()
		w.flows["browser"], open = gate(w.renewable())
		var all sync.WaitGroup
		for range 10_000 {
			all.Go(func() { w.get(h, "token-1") })
		}
		all.Wait() // though the renewal waits
		open()
		synctest.Wait()
		w.get(h, "token-2")
		wantLaunches(t, w, "browser NEVER")
	})
}

// What is about to expire is no longer handed out: then everyone waits for the
// renewal that is under way.
func TestTooLittleLifeIsNoneAtAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		h := w.due()
		var open func()
		w.flows["browser"], open = gate(w.renewable())
		w.get(h, "token-1")
		w.pass(hour/2 - 5*time.Minute)
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() { w.get(h, "token-2") })
		}
		synctest.Wait()
		open()
		all.Wait()
		wantLaunches(t, w, "browser NEVER")
	})
}

// A process that ends soon has it done by another one.
func TestRenewalElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var asked []host.TokenRequest
		w.Renew = func(req host.TokenRequest) { asked = append(asked, req) }
		h := w.due()
		for range 3 {
			w.get(h, "token-1")
		}
		synctest.Wait()
		wantLaunches(t, w)
		if len(asked) != 1 {
			t.Fatalf("asked for %+v", asked)
		}
		if err := h.Renew(t.Context(), asked[0]); err != nil {
			t.Fatal(err)
		}
		wantLaunches(t, w, "browser NEVER")
		w.get(h, "token-2")
		if err := h.Renew(t.Context(), asked[0]); err != nil {
			t.Error(err)
		}
		wantLaunches(t, w) // it is not due any more
	})
}

func TestCloseEndsARenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		h := w.due()
		w.flows["browser"], _ = gate(w.renewable()) // for ever
		w.get(h, "token-1")
		synctest.Wait()
		wantLaunches(t, w, "browser NEVER")
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
}

// Some minutes more or less on this machine's clock, or the clock set back, cost
// at most a renewal, never a person's time.
func TestClocks(t *testing.T) {
	for name, c := range map[string]struct {
		jump   time.Duration
		secret string
	}{
		"some minutes back":          {-4 * time.Minute, "token-1"},
		"an hour back":               {-hour, "token-2"},
		"years back":                 {-10 * 365 * 24 * hour, "token-2"},
		"some minutes ahead":         {4 * time.Minute, "token-1"},
		"past the token's life":      {hour, "token-2"},
		"years past the token's end": {10 * 365 * 24 * hour, "token-2"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			h := w.host()
			w.get(h, "token-1")
			w.pass(c.jump)
			w.get(h, c.secret)
			w.get(h, c.secret)
			for _, l := range w.launches()[1:] {
				want(t, "launch", l, "browser NEVER")
			}
		})
	}
}

func TestRejectedTokenIsNeverHandedOutAgain(t *testing.T) {
	w := newWorld(t)
	h := w.host()
	w.get(h, "token-1")
	reject := func(secret string) bool {
		t.Helper()
		was, err := h.Reject(host.TokenRequest{}, host.NewSecret(secret))
		if err != nil {
			t.Error(err)
		}
		return was
	}
	want(t, "another one", reject("token-0"), false)
	w.get(h, "token-1")
	want(t, "it", reject("token-1"), true)
	w.get(h, "token-2")
	want(t, "the one before", reject("token-1"), false)
	w.get(h, "token-2")
	if _, err := h.Reject(host.TokenRequest{TokenType: "mac"}, host.NewSecret("x")); code(err) != host.ExitUsage {
		t.Errorf("a type of token that there is not: %v", err)
	}
}
