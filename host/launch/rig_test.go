//go:build unix

package launch_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/authlatch/authlatch/host/launch"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// rig is a launcher that a test watches: afterwards no process of its flows, no
// goroutine, no file descriptor and no directory may be left.
type rig struct {
	launch.Launcher
	t    *testing.T
	self string
	log  *logLines

	mu   sync.Mutex
	pids []int
}

func newRig(t *testing.T) *rig {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	leak := goleak.IgnoreCurrent()
	fds := openFiles()
	temp, err := os.MkdirTemp("/tmp", "al")
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, self: self, log: &logLines{}}
	r.Launcher = launch.Launcher{
		Log:     slog.New(r.log),
		TempDir: temp,
		// Honest flows are far from the defaults even on a loaded machine; tests of
		// those that are not set a short bound.
		StopTimeout: time.Second,
		Started: func(pid int, _ launch.Binary) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.pids = append(r.pids, pid)
		},
	}
	t.Cleanup(func() {
		for _, pid := range r.pids {
			if alive(pid) {
				t.Errorf("process %d is left", pid)
			}
		}
		goleak.VerifyNone(t, leak)
		if n := openFiles(); n > fds {
			t.Errorf("%d file descriptors are left, %d before", n, fds)
		}
		left, _ := os.ReadDir(temp)
		for _, d := range left {
			inner, _ := os.ReadDir(temp + "/" + d.Name())
			for _, f := range inner {
				t.Errorf("%s/%s is left", d.Name(), f.Name())
			}
		}
		_ = os.RemoveAll(temp)
	})
	return r
}

func (r *rig) get(ctx context.Context, name string, in launch.Interactor) (*flowv1.Token, error) {
	return r.GetToken(ctx, launch.Binary{Name: name, Path: r.self}, start(), in)
}

func start() *flowv1.Start {
	return &flowv1.Start{
		Scopes:          []string{"https://management.azure.com/.default"},
		InteractionMode: flowv1.InteractionMode_INTERACTION_MODE_IF_NEEDED,
		State:           []byte("s3cret"),
	}
}

// limit ends a test that hangs; no test depends on it.
func limit(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

type interactor func(context.Context, *flowv1.Interaction) (flowv1.Outcome, string, error)

func (f interactor) Interact(ctx context.Context, i *flowv1.Interaction) (flowv1.Outcome, string, error) {
	return f(ctx, i)
}

// says answers every input with text and everything else with DONE.
func says(text string) interactor {
	return func(_ context.Context, i *flowv1.Interaction) (flowv1.Outcome, string, error) {
		if i.GetInput() != nil {
			return flowv1.Outcome_OUTCOME_DONE, text, nil
		}
		return flowv1.Outcome_OUTCOME_DONE, "", nil
	}
}

// logLines is a log handler that keeps what it gets.
type logLines struct {
	mu    sync.Mutex
	lines []string
}

func (l *logLines) Enabled(context.Context, slog.Level) bool { return true }
func (l *logLines) WithGroup(string) slog.Handler            { return l }
func (l *logLines) WithAttrs(as []slog.Attr) slog.Handler    { return l }
func (l *logLines) Handle(_ context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, r.Level.String()+" "+r.Message)
	return nil
}

func (l *logLines) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.lines...)
}

func (l *logLines) has(line string) bool {
	for _, have := range l.all() {
		if have == line {
			return true
		}
	}
	return false
}

func wantPluginError(t *testing.T, err error, what string) {
	t.Helper()
	var plugin *launch.PluginError
	if !errors.As(err, &plugin) {
		t.Fatalf("got %T %v, want a PluginError", err, err)
	}
	text := err.Error()
	if !strings.Contains(text, what) {
		t.Errorf("got %q, want %q in it", text, what)
	}
	if strings.ContainsAny(text, "\n\r\x1b\a\u202e") || len(text) > 2000 || !strings.HasPrefix(text, "flow "+plugin.Flow+" ") {
		t.Errorf("the text is not one clean line: %q", text)
	}
}
