//go:build unix

package launch_test

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/authlatch/authlatch/host/launch"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// short is a bound for flows that cannot keep any.
const short = 700 * time.Millisecond

// What a flow does wrong is a PluginError that says what, and costs nothing
// else (see newRig).
func TestHostileFlows(t *testing.T) {
	for _, c := range hostileRows(t) {
		t.Run(c.flow, func(t *testing.T) {
			r := newRig(t)
			bound := launch.DefaultStartTimeout
			if c.is("start") {
				r.StartTimeout, bound = short, short
			}
			r.Loosen.Off = c.is("unconfined")
			r.AutoMTLS = c.is("mtls")
			in := says("1")
			if c.is("slow-person") {
				in = func(ctx context.Context, _ *flowv1.Interaction) (flowv1.Outcome, string, error) {
					<-ctx.Done()
					return 0, "", ctx.Err()
				}
			}
			since := time.Now()
			_, err := r.get(limit(t), c.flow, in)
			// On a machine that does nothing else: see full.
			if took := time.Since(since); full && took > bound+3*time.Second {
				t.Errorf("it took %v", took)
			}
			wantPluginError(t, err, c.what)
			if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("a secret is in the text: %v", err)
			}
		})
	}
}

func TestHostileDescriptions(t *testing.T) {
	for flow, what := range map[string]string{
		"other-name":       `says that its name is "browser"`,
		"slow-describe":    "did not describe itself within 700ms",
		"never-handshakes": "did not start within 700ms",
	} {
		t.Run(flow, func(t *testing.T) {
			r := newRig(t)
			if strings.Contains(what, "start") {
				r.StartTimeout = short
			}
			r.DescribeTimeout = short
			_, err := r.Describe(limit(t), launch.Binary{Name: flow, Path: r.self})
			wantPluginError(t, err, what)
		})
	}
}

func TestAsksAlthoughNever(t *testing.T) {
	r := newRig(t)
	s := start()
	s.InteractionMode = flowv1.InteractionMode_INTERACTION_MODE_NEVER
	_, err := r.GetToken(limit(t), launch.Binary{Name: "asks-anyway", Path: r.self}, s, says("1"))
	wantPluginError(t, err, "asks the person although it was told not to")

	// The SDK answers such a flow itself.
	_, err = r.GetToken(limit(t), launch.Binary{Name: "never-asks", Path: r.self}, s, says("1"))
	var flow *launch.FlowError
	if !errors.As(err, &flow) || flow.Reason != flowv1.ReasonInteractionRequired {
		t.Errorf("got %v, want INTERACTION_REQUIRED", err)
	}
}

// Flows that misbehave beside their work, which counts.
func TestUnpleasantFlows(t *testing.T) {
	for _, flow := range []string{"stderr-flood", "stdout-flood", "stderr-json", "ignores-shutdown", "prints"} {
		t.Run(flow, func(t *testing.T) {
			r := newRig(t)
			if _, err := r.get(limit(t), flow, nil); err != nil {
				t.Fatal(err)
			}
			lines := r.log.all()
			if len(lines) > 1002 {
				t.Errorf("%d lines in the log", len(lines))
			}
			for _, l := range lines {
				if len(l) > 5000 || strings.ContainsAny(l, "\n\x1b\u202e\a") {
					t.Errorf("a line in the log is not clean: %q", l)
				}
			}
		})
	}
}

// A flow that stops for ever is bounded by the caller's deadline.
func TestStoppedInStream(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithTimeout(limit(t), short)
	defer cancel()
	_, err := r.get(ctx, "stops-in-stream", nil)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want context.DeadlineExceeded", err)
	}
}

func TestLogLevels(t *testing.T) {
	r := newRig(t)
	if _, err := r.get(limit(t), "stderr-json", nil); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`DEBUG {"@message":1}`, `WARN told k=["v"]`, "DEBUG text"} {
		if !r.log.has(want) {
			t.Errorf("no line %q in %q", want, r.log.all())
		}
	}
}

// A grandchild that holds the pipes is killed with its group and blocks nobody.
func TestGrandchild(t *testing.T) {
	r := newRig(t)
	r.Loosen.Off = true // in the sandbox there is none
	got, err := r.get(limit(t), "grandchild", nil)
	if err != nil {
		t.Fatal(err)
	}
	pid, _ := strconv.Atoi(got.GetSecret())
	if !waitGone(t, pid) {
		t.Errorf("grandchild %d is left", pid)
	}
}

// One that left the group may live on, but holds up nobody.
func TestEscapedGrandchild(t *testing.T) {
	r := newRig(t)
	r.Loosen.Off = true // in the sandbox there is none
	got, err := r.get(limit(t), "escapes", nil)
	if err != nil {
		t.Fatal(err)
	}
	pid, _ := strconv.Atoi(got.GetSecret())
	if pid > 0 {
		killHard(pid)
	}
}

func TestFlowErrors(t *testing.T) {
	for flow, want := range map[string]launch.FlowError{
		"reason": {Flow: "reason", Reason: "NEW_REASON", Message: "AADSTS50076: use a second factor", AADSTS: 50076,
			Suberror: "basic_action", Claims: `{"access_token":{}}`, CorrelationID: "c", TraceID: "t", RetryAfter: 7 * time.Second},
		"evil-metadata": {Flow: "evil-metadata", Reason: "INVALID_GRANT", Message: "m"},
		"unavailable":   {Flow: "unavailable", Reason: "FLOW_UNAVAILABLE", Message: "open a browser: nobody can be asked here"},
	} {
		t.Run(flow, func(t *testing.T) {
			r := newRig(t)
			_, err := r.get(limit(t), flow, nil)
			var got *launch.FlowError
			if !errors.As(err, &got) {
				t.Fatalf("got %T %v, want a FlowError", err, err)
			}
			if *got != want {
				t.Errorf("got  %+v\nwant %+v", *got, want)
			}
		})
	}
}

func TestMissingBinary(t *testing.T) {
	r := newRig(t)
	_, err := r.GetToken(limit(t), launch.Binary{Name: "absent", Path: "/nonexistent/authlatch-flow-absent"}, start(), nil)
	wantPluginError(t, err, "could not be started")
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v does not say that the file is not there", err)
	}
}
