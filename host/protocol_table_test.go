package host_test

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/launch"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// row is one line of the table in docs/protocol.md, section 9.
type row struct{ name, reason, silent, otherwise, exit string }

// impossible marks what cannot happen.
const impossible = "–"

// readTable returns the table of docs/protocol.md that begins with "Row".
func readTable(t *testing.T) []row {
	t.Helper()
	page, err := os.ReadFile("../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(page), "\n| Row |")
	if !ok {
		t.Fatal("docs/protocol.md has no table that begins with the column Row")
	}
	var rows []row
	for _, line := range strings.Split(table, "\n")[2:] {
		if !strings.HasPrefix(line, "|") {
			break
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if len(cells) != 5 {
			t.Fatalf("%q has %d columns", line, len(cells))
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, row{cells[0], cells[1], cells[2], cells[3], cells[4]})
	}
	return rows
}

// special are the rows that are not about a reason: what the flow does.
var special = map[string]behaviour{
	"no-error-info": fails(&launch.PluginError{Flow: "browser", What: "failed without a reason"}),
	"dead":          fails(&launch.PluginError{Flow: "browser", What: "died while it was asked for a token"}),
	"other-scope":   fails(&launch.PluginError{Flow: "browser", What: "returned a token for the scope a, not for b"}),
	"other-account": signsIn("mallory"),
	"other-tenant": func(context.Context, *flowv1.Start, launch.Interactor) (*flowv1.Token, error) {
		a := account("alice")
		a.Tenant = "fabrikam"
		return &flowv1.Token{Account: a}, nil
	},
	"other-user": signsIn("mallory"),
	"cancelled": func(ctx context.Context, _ *flowv1.Start, in launch.Interactor) (*flowv1.Token, error) {
		_, _, err := in.Interact(ctx, openURL())
		return nil, fmt.Errorf("flow browser: %w", err)
	},
	"late": waits,
}

// waits answers nothing.
func waits(ctx context.Context, _ *flowv1.Start, _ launch.Interactor) (*flowv1.Token, error) {
	<-ctx.Done()
	return nil, fmt.Errorf("flow browser: %w", ctx.Err())
}

// cancels is a person who presses Ctrl-C.
type cancels struct{}

func (cancels) Prompt(context.Context, host.Interaction) (host.Answer, error) {
	return host.Answer{}, host.ErrCancelled
}

var (
	reasonIn = regexp.MustCompile("`([A-Z0-9_]+)`")
	aadstsIn = regexp.MustCompile(`aadsts (\d+)`)
)

func (r row) behaviour(t *testing.T) behaviour {
	t.Helper()
	if do, ok := special[r.name]; ok {
		return do
	}
	name := reasonIn.FindStringSubmatch(r.reason)
	if name == nil {
		t.Fatalf("row %s names no reason, and this test does not know it", r.name)
	}
	err := reason(name[1])
	err.Claims = `{"access_token":{"acrs":{"value":"c1"}}}`
	if n := aadstsIn.FindStringSubmatch(r.reason); n != nil {
		err.AADSTS, _ = strconv.Atoi(n[1])
	}
	return fails(err)
}

// exitCodes are the row's codes with NEVER and otherwise.
func (r row) exitCodes(t *testing.T) (silent, otherwise host.ExitCode) {
	t.Helper()
	numbers := regexp.MustCompile(`\d`).FindAllString(r.exit, -1)
	if len(numbers) == 0 {
		t.Fatalf("row %s has no exit code", r.name)
	}
	a, _ := strconv.Atoi(numbers[0])
	b, _ := strconv.Atoi(numbers[len(numbers)-1])
	return host.ExitCode(a), host.ExitCode(b)
}

// Every row is run: with NEVER after a sign-in, once where the person may be
// asked and once where not, and at the sign-in itself.
func TestProtocolTable(t *testing.T) {
	rows := readTable(t)
	names := map[string]bool{}
	for _, r := range rows {
		if names[r.name] {
			t.Errorf("row %s is there twice", r.name)
		}
		names[r.name] = true
		silent, otherwise := r.exitCodes(t)
		// In a bubble, so that a deadline passes without anybody waiting for it.
		t.Run(r.name+"/never", func(t *testing.T) {
			if r.silent == impossible {
				return
			}
			synctest.Test(t, func(t *testing.T) { r.runSilent(t, silent) })
		})
		t.Run(r.name+"/otherwise", func(t *testing.T) {
			if r.otherwise == impossible {
				return
			}
			synctest.Test(t, func(t *testing.T) { r.runSignIn(t, otherwise) })
		})
	}
	for name := range special {
		if !names[name] {
			t.Errorf("row %s is gone", name)
		}
	}
	for _, r := range host.Reasons() {
		if !slices.ContainsFunc(rows, func(in row) bool { return strings.Contains(in.reason, "`"+r+"`") }) {
			t.Errorf("the host knows %s, the page does not", r)
		}
	}
}

func (r row) runSilent(t *testing.T, exit host.ExitCode) {
	w := newWorld(t)
	h := w.host()
	if _, err := h.SignIn(t.Context(), host.TokenRequest{}); err != nil {
		t.Fatal(err)
	}
	w.pass(hour)
	w.launches()
	do := r.behaviour(t)
	w.flows["browser"] = func(ctx context.Context, start *flowv1.Start, in launch.Interactor) (*flowv1.Token, error) {
		if start.GetInteractionMode() == never {
			return do(ctx, start, in)
		}
		return signsIn("alice")(ctx, start, in)
	}
	get := func(mode host.InteractionMode) error {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := h.GetToken(ctx, host.TokenRequest{Interaction: mode})
		return err
	}
	err := get(host.Never)
	switch r.silent {
	case "ask":
		want(t, "exit code where nobody may be asked", code(err), host.ExitInteraction)
		if err := get(host.Auto); err != nil {
			t.Errorf("where somebody may be asked: %v", err)
		}
		wantLaunches(t, w, "browser NEVER", "browser NEVER", "browser IF_NEEDED")
	case "end":
		want(t, "exit code where nobody may be asked", code(err), exit)
		want(t, "exit code where somebody may be asked", code(get(host.Auto)), exit)
		for _, l := range w.launches() {
			want(t, "launch", l, "browser NEVER")
		}
	default:
		t.Fatalf("row %s says %q", r.name, r.silent)
	}
}

func (r row) runSignIn(t *testing.T, exit host.ExitCode) {
	w := newWorld(t)
	w.Prompter, w.Settings = cancels{}, settings(t, `username = "alice@contoso.example"`)
	do := r.behaviour(t)
	w.flows["browser"] = do
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := w.host().GetToken(ctx, host.TokenRequest{})
	switch r.otherwise {
	case "next":
		if err != nil {
			t.Errorf("with another flow: %v", err)
		}
		wantLaunches(t, w, "browser IF_NEEDED", "devicecode IF_NEEDED")
		w = newWorld(t)
		w.flows["browser"], w.flows["devicecode"] = do, do
		_, err = w.host().GetToken(ctx, host.TokenRequest{})
		want(t, "exit code after the last flow", code(err), exit)
	case "end":
		want(t, "exit code", code(err), exit)
		wantLaunches(t, w, "browser IF_NEEDED")
	default:
		t.Fatalf("row %s says %q", r.name, r.otherwise)
	}
}
