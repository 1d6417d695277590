//go:build unix

package crowd

import (
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/authlatch/authlatch/emulator"
)

var renewerIn = regexp.MustCompile(`another process that renews a token \(authlatch token, pid (\d+), for \d+ s\)`)

// Many commands that got the same claims challenge at once redeem the refresh token
// once: who waited shares the answer. With other claims it is redeemed once more,
// and never one that was used.
func TestClaimsOfMany(t *testing.T) {
	const callers = 10
	w := newTown(t, emulator.Options{})
	login := w.call("authlatch", "login", "-p", "work")
	w.enter(w.code(), false)
	if code := login.ends(t); code != 0 {
		t.Fatalf("login: exit code %d:\n%s", code, login.own)
	}
	w.server.ResetCounters()
	w.server.AddFault(emulator.Fault{Endpoint: emulator.EndpointToken, Kind: emulator.FaultSlow, Delay: 8 * time.Second, Times: 1})
	claims := func(value string) *caller {
		return w.call("authlatch", "token", "-p", "work", "--claims", `{"access_token":{"xms_x":{"value":"`+value+`"}}}`)
	}
	all := []*caller{claims("same"), claims("same")}
	renewing := func(text string) int { return len(renewerIn.FindAllString(text, -1)) }
	w.stderrs.await(t, "one waiting", func(text string) bool { return renewing(text) == 1 })
	// The one that renews is stopped until all the others wait for it.
	pid, err := strconv.Atoi(renewerIn.FindStringSubmatch(w.stderrs.String())[1])
	if err == nil {
		err = syscall.Kill(pid, syscall.SIGSTOP)
	}
	if err != nil {
		t.Fatal(err)
	}
	for len(all) < callers-1 {
		all = append(all, claims("same"))
	}
	all = append(all, claims("other"))
	w.stderrs.await(t, "all the others waiting", func(text string) bool { return renewing(text) == callers-1 })
	if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for i, c := range all {
		if code := c.ends(t); code != 0 {
			t.Errorf("caller %d: exit code %d:\n%s", i, code, c.own)
		}
		got[strings.TrimSpace(c.stdout.String())]++
	}
	other := strings.TrimSpace(all[callers-1].stdout.String())
	if got[other] != 1 {
		t.Errorf("with other claims %d got the same token", got[other])
	}
	// The entry is one: after the other's answer it is not theirs any more.
	n := w.server.Counters()
	if used := n.Token["refresh_token"]; used != len(got) || used < 2 || used > 3 || n.Revoked != 0 || n.Prompts != 0 {
		t.Errorf("%d tokens, and %+v", len(got), n)
	}
}
