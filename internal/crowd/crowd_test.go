//go:build unix

package crowd

import (
	"fmt"
	"maps"
	"os"
	"testing"

	"github.com/authlatch/authlatch/emulator"
)

// full says that everything is to be shown at full scale.
var full = os.Getenv("AUTHLATCH_CROWD_FULL") != ""

// A hundred helpers at once on an empty store, ten scope sets among them: one
// prompt, and one token request a scope set. The next round begins with the store
// empty again. Refresh tokens rotate, and the reuse of one would revoke the family.
func TestOnePromptForAHundred(t *testing.T) {
	const callers = 100
	rounds := 2
	if full {
		rounds = 20
	}
	w := newTown(t, emulator.Options{})
	keys := w.keys()
	var codes []string
	valid := 0
	for round := 1; round <= rounds; round++ {
		w.forget()
		w.server.ResetCounters()
		w.stderrs, w.screens = newSink(), newSink()
		all := make([]*caller, callers)
		for i := range all {
			all[i] = w.helper(resources[i%len(resources)])
		}
		code := w.code(codes...)
		codes = append(codes, code)
		w.stderrs.await(t, "all the others waiting", func(text string) bool { return waiting(text) == callers-1 })
		w.enter(code, false)
		for i, c := range all {
			if got := c.ends(t); got != 0 {
				t.Errorf("exit code %d:\n%s", got, c.own)
			} else if err := w.valid(keys, c, resources[i%len(resources)]); err != nil {
				t.Error(err)
			} else {
				valid++
			}
		}
		n := w.server.Counters()
		issued := map[string]int{"device_code": 1, "refresh_token": len(resources) - 1}
		if n.DeviceCode != 1 || n.Prompts != 1 || n.SignIns != 1 || n.Revoked != 0 || !maps.Equal(n.Issued, issued) ||
			n.Token["refresh_token"] != len(resources)-1 {
			t.Errorf("round %d: %+v", round, n)
		}
		if t.Failed() {
			break
		}
	}
	t.Logf("%d rounds: %d prompts, %d valid answers of %d", rounds, len(codes), valid, rounds*callers)
	if valid != rounds*callers {
		t.Error("not all are valid")
	}
}

// A person's no is the answer for all who wait, in every process; the next in the
// background is refused for a while, and login asks at once and ends that.
func TestOneNoForAll(t *testing.T) {
	const callers = 12
	for name, c := range map[string]struct {
		opts emulator.Options
		no   func(w *town, code string, asking *caller)
		what string
	}{
		"declined": {emulator.Options{}, func(w *town, code string, _ *caller) { w.enter(code, true) }, "the sign-in was declined"},
		"expired":  {emulator.Options{DeviceCodeLifetime: 4e9}, func(*town, string, *caller) {}, "the sign-in was not finished in time"},
		"Ctrl-C":   {emulator.Options{}, func(w *town, _ string, asking *caller) { asking.interrupt(w.t) }, "the sign-in was cancelled"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t, c.opts)
			asking := w.helper(resources[0])
			first := w.code()
			all := []*caller{asking}
			for i := 1; i < callers; i++ {
				all = append(all, w.helper(resources[i%len(resources)]))
			}
			w.stderrs.await(t, "all the others waiting", func(text string) bool { return waiting(text) == callers-1 })
			c.no(w, first, asking)
			for i, one := range all {
				want := "authlatch: " + c.what + "\n"
				if i > 0 {
					want = fmt.Sprintf("authlatch: %s, in another process (authlatch for kubectl, pid ", c.what)
				}
				if code := one.ends(t); code != 4 || !contains(one, want) {
					t.Errorf("caller %d: exit code %d:\n%s", i, code, one.own)
				}
			}
			if n := w.server.Counters(); n.DeviceCode != 1 {
				t.Errorf("%d device codes were asked for", n.DeviceCode)
			}

			later := w.helper(resources[0])
			if code := later.ends(t); code != 3 || !contains(later, "a sign-in has failed, and nobody is asked again for ") || !contains(later, "  run: authlatch login -p work --scope ") {
				t.Errorf("later: exit code %d:\n%s", code, later.own)
			}
			login := w.call("authlatch", "login", "-p", "work")
			w.enter(w.code(first), false)
			if code := login.ends(t); code != 0 {
				t.Errorf("login: exit code %d:\n%s", code, login.own)
			}
			after := w.helper(resources[0])
			if code := after.ends(t); code != 0 {
				t.Errorf("after it: exit code %d:\n%s", code, after.own)
			}
			if n := w.server.Counters(); n.DeviceCode != 2 {
				t.Errorf("%d device codes were asked for", n.DeviceCode)
			}
		})
	}
}
