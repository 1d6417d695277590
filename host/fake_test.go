package host_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/launch"
	"github.com/authlatch/authlatch/host/prompt"
	"github.com/authlatch/authlatch/host/registry"
	"github.com/authlatch/authlatch/host/store"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	never    = flowv1.InteractionMode_INTERACTION_MODE_NEVER
	ifNeeded = flowv1.InteractionMode_INTERACTION_MODE_IF_NEEDED
	force    = flowv1.InteractionMode_INTERACTION_MODE_FORCE
)

// world is a host with fake flows, a store and a clock.
type world struct {
	host.Config
	t testing.TB

	mu        sync.Mutex
	time      time.Time
	flows     map[string]behaviour
	described map[string]*flowv1.DescribeResponse
	launched  []string // "browser NEVER", "corp describe"
	starts    []*flowv1.Start
	warnings  []string
}

// newWorld has the profile "work" and flows that sign alice in and renew her
// tokens. Nobody is asked anything but by notices.
func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, time: time.Unix(1_800_000_000, 0), described: map[string]*flowv1.DescribeResponse{}}
	w.flows = map[string]behaviour{"browser": signsIn("alice"), "devicecode": signsIn("alice"), "password": signsIn("alice")}
	w.Config = host.Config{
		Settings: settings(t, ""), Registry: w, Launcher: w, Now: w.now, Prompter: prompt.NewScripted(),
		Store: store.Open(store.Options{Now: w.now, Warn: func(s string) { w.warnings = append(w.warnings, s) }}),
	}
	return w
}

// settings are those of profile "work" with more lines in it.
func settings(t testing.TB, more string) config.Settings {
	t.Helper()
	f, err := config.Parse("/etc/authlatch.toml", []byte("version = 1\n[profiles.work]\n"+more), noEnv)
	if err != nil {
		t.Fatal(err)
	}
	s, err := config.Resolve(f, config.Flags{}, noEnv)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func noEnv(string) string { return "" }

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.time
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.time = w.time.Add(d)
}

func (w *world) host() *host.Host {
	w.t.Helper()
	h, err := host.New(w.Config)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = h.Close() })
	return h
}

func (w *world) Find(name string) (launch.Binary, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.flows[name]; !ok {
		return launch.Binary{}, &registry.NotFoundError{Name: name, Candidates: slices.Sorted(maps.Keys(w.flows)), Searched: []string{"/usr/libexec"}}
	}
	return launch.Binary{Name: name, Path: "/usr/libexec/authlatch-flow-" + name}, nil
}

func (w *world) Describe(_ context.Context, b launch.Binary) (*flowv1.DescribeResponse, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.launched = append(w.launched, b.Name+" describe")
	if d := w.described[b.Name]; d != nil {
		return d, nil
	}
	return &flowv1.DescribeResponse{Name: b.Name, Version: "1"}, nil
}

var modes = map[flowv1.InteractionMode]string{never: "NEVER", ifNeeded: "IF_NEEDED", force: "FORCE"}

func (w *world) GetToken(ctx context.Context, b launch.Binary, start *flowv1.Start, in launch.Interactor) (*flowv1.Token, error) {
	w.mu.Lock()
	w.launched = append(w.launched, b.Name+" "+modes[start.GetInteractionMode()])
	w.starts = append(w.starts, start)
	do := w.flows[b.Name]
	number := len(w.starts)
	w.mu.Unlock()
	t, err := do(ctx, start, in)
	if err != nil {
		return nil, err
	}
	if t.GetSecret() == "" {
		t.Secret = fmt.Sprintf("token-%d", number)
		t.State = fmt.Appendf(nil, "state-%d", number)
	}
	if t.GetExpiresOn() == 0 {
		t.ExpiresOn = w.now().Add(time.Hour).Unix()
	}
	return t, nil
}

// launches returns what was launched since the last call.
func (w *world) launches() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	l := w.launched
	w.launched = nil
	return l
}

// last is the start message of the last launch.
func (w *world) last() *flowv1.Start {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.starts[len(w.starts)-1]
}

// code is an error's exit code; 0 for nil, -1 if it is not a *host.Error.
func code(err error) host.ExitCode {
	var e *host.Error
	switch {
	case err == nil:
		return 0
	case errors.As(err, &e):
		return e.Code
	}
	return -1
}

// problem is err as the *host.Error that it has to be.
func problem(t *testing.T, err error) *host.Error {
	t.Helper()
	var e *host.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v", err)
	}
	return e
}

func want[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func wantLaunches(t *testing.T, w *world, want ...string) {
	t.Helper()
	if got := w.launches(); !slices.Equal(got, want) {
		t.Errorf("launches: got %q, want %q", got, want)
	}
}
