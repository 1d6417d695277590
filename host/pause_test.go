package host_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/authlatch/authlatch/host"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// What is told in the pause, as a person and as a program reads it.
func TestThePauseIsTold(t *testing.T) {
	w := newWorld(t)
	w.Prompter = aPerson()
	denied := reason(flowv1.ReasonAccessDenied)
	denied.AADSTS, denied.CorrelationID = 65004, "c1"
	w.flows["browser"] = refuses(denied)
	next := w.processes()
	for _, c := range []struct{ what, pause string }{
		{"a sign-in has failed", "15s"},
		{"2 sign-ins in a row have failed", "30s"},
		{"3 sign-ins in a row have failed", "1m"},
	} {
		_, _ = next().GetToken(t.Context(), scope(0))
		_, err := next().GetToken(t.Context(), scope(1))
		e := problem(t, err)
		if e.Lines()[0] != c.what+", and nobody is asked again for "+c.pause {
			t.Errorf("got %q", e.Lines()[0])
		}
		if why := e.Lines()[1]; !strings.HasPrefix(why, "flow browser: authlatch token, pid ") || !strings.HasSuffix(why, ": the sign-in was declined, ACCESS_DENIED (AADSTS65004, correlation id c1)") {
			t.Errorf("got %q", why)
		}
		want(t, "next", e.Lines()[2], "run: authlatch login -p work --scope https://r1/.default")
		w.pass(e.RetryAfter)
	}
	_, err := next().GetToken(t.Context(), scope(0))
	want(t, "after the pause somebody is asked", code(err), host.ExitDeclined)
	_, err = next().GetToken(t.Context(), scope(0))
	b, _ := json.Marshal(problem(t, err))
	var told struct {
		ExitCode   int `json:"exit_code"`
		Reason     string
		AADSTS     int
		RetryAfter int `json:"retry_after"`
	}
	_ = json.Unmarshal(b, &told)
	want(t, "JSON", fmt.Sprint(told), "{3 ACCESS_DENIED 65004 120}")

	// Who insists begins anew, also by failing once more.
	_, err = next().SignIn(t.Context(), host.TokenRequest{})
	want(t, "exit code of who insists", code(err), host.ExitDeclined)
	_, err = next().GetToken(t.Context(), scope(0))
	want(t, "the pause after that", problem(t, err).RetryAfter, 15*time.Second)
	if err := next().SignOut(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	_, err = next().GetToken(t.Context(), scope(0))
	want(t, "exit code after signing out", code(err), host.ExitDeclined)
}

// The provider refuses one caller's scope, after the person has signed in: that
// one is not asked again, and the others are.
func TestOneRequestsRefusalIsNobodyElses(t *testing.T) {
	w := newWorld(t)
	w.Prompter = aPerson()
	w.flows["browser"] = refuses(reason(flowv1.ReasonConsentRequired))
	next := w.host // as another process
	_, err := next().GetToken(t.Context(), scope(0))
	want(t, "exit code", code(err), host.ExitRefused)
	_, err = next().GetToken(t.Context(), scope(0))
	want(t, "exit code of the same again", code(err), host.ExitInteraction)
	wantLaunches(t, w, "browser IF_NEEDED")
	w.flows["browser"] = signsIn("alice")
	if _, err := next().GetToken(t.Context(), scope(1)); err != nil {
		t.Errorf("another request: %v", err)
	}
	wantLaunches(t, w, "browser IF_NEEDED")
}

// A sign-in that succeeds, whoever has asked for it, ends the count.
func TestASuccessIsTheEndOfIt(t *testing.T) {
	w := newWorld(t)
	w.Prompter = aPerson()
	w.flows["browser"] = refuses(reason(flowv1.ReasonAccessDenied))
	h := w.host()
	_, err := h.GetToken(t.Context(), scope(0))
	want(t, "exit code", code(err), host.ExitDeclined)
	w.pass(15 * time.Second)
	w.flows["browser"] = signsIn("alice")
	_, err = h.GetToken(t.Context(), scope(0))
	want(t, "exit code after the pause", code(err), 0)
	want(t, "failures on record", w.Store.Attempts(w.Settings.Identity()).Number, 0)
}
