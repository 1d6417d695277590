//go:build unix

package launch_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/authlatch/authlatch/host/launch"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// The person's cancel comes while a code is shown and the flow polls.
func TestCancel(t *testing.T) {
	for _, flow := range []string{"waits", "ignores-cancel"} {
		t.Run(flow, func(t *testing.T) {
			r := newRig(t)
			ctx, cancel := context.WithCancel(limit(t))
			var shown context.Context
			_, err := r.get(ctx, flow, interactor(func(ctx context.Context, _ *flowv1.Interaction) (flowv1.Outcome, string, error) {
				shown = ctx
				cancel()
				return flowv1.Outcome_OUTCOME_DONE, "", nil
			}))
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want context.Canceled", err)
			}
			if shown.Err() == nil {
				t.Error("the code is still shown")
			}
		})
	}
}

func TestDeadline(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithTimeout(limit(t), 500*time.Millisecond)
	defer cancel()
	_, err := r.get(ctx, "waits", says(""))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want context.DeadlineExceeded", err)
	}
}

func TestCancelBeforeStart(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithCancel(limit(t))
	cancel()
	_, err := r.get(ctx, "good", nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if len(r.pids) != 0 {
		t.Error("a process was started")
	}
}

func TestCancelWhileStarting(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithCancel(limit(t))
	r.Started = func(int, launch.Binary) { cancel() }
	_, err := r.get(ctx, "never-handshakes", nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

var errCtrlC = errors.New("the person pressed Ctrl-C")

// An Interactor's error ends the stream and is what the caller gets.
func TestInteractorFails(t *testing.T) {
	r := newRig(t)
	_, err := r.get(limit(t), "good", interactor(func(context.Context, *flowv1.Interaction) (flowv1.Outcome, string, error) {
		return 0, "", errCtrlC
	}))
	if !errors.Is(err, errCtrlC) {
		t.Errorf("got %v, want the Interactor's error", err)
	}
}

// What is shown stays current until the next interaction or the end.
func TestInteractionContext(t *testing.T) {
	r := newRig(t)
	var last context.Context
	_, err := r.get(limit(t), "good", interactor(func(ctx context.Context, i *flowv1.Interaction) (flowv1.Outcome, string, error) {
		if last != nil && last.Err() == nil {
			t.Error("the interaction before is still current")
		}
		if ctx.Err() != nil {
			t.Error("the interaction is not current")
		}
		last = ctx
		return says("1")(ctx, i)
	}))
	if err != nil {
		t.Fatal(err)
	}
	if last.Err() == nil {
		t.Error("the last interaction outlives the stream")
	}
}

// A flow that dies takes back the question that the person is looking at.
func TestDiesWhileAsking(t *testing.T) {
	r := newRig(t)
	r.Started = func(pid int, _ launch.Binary) { r.pids = append(r.pids, pid) }
	_, err := r.get(limit(t), "good", interactor(func(ctx context.Context, _ *flowv1.Interaction) (flowv1.Outcome, string, error) {
		killHard(r.pids[0])
		<-ctx.Done()
		return 0, "", ctx.Err()
	}))
	wantPluginError(t, err, "died while it was asked for a token (signal: killed)")
}
