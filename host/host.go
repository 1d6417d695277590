package host

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/launch"
	"github.com/authlatch/authlatch/host/store"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// Config of a Host. The zero value is the default profile with no file and no
// environment read, in memory, with no flows and nobody to ask.
type Config struct {
	// Settings are the profile's effective values, from config.Resolve. Without
	// a profile name those of an empty config and environment are meant.
	Settings config.Settings
	// Store keeps sign-ins and tokens; nil keeps them until the Host is gone. Its
	// own Warn hears of what could not be kept.
	Store *store.Store
	// Registry finds the flows' binaries, such as registry.Default; nil finds none.
	Registry Registry
	// Launcher runs them. nil is a launch.Launcher that logs to Log what flows
	// write and, as "flow started" at debug level, each process with flow, pid
	// and path.
	Launcher Launcher
	// Prompter reaches the person; nil says that nobody can be asked.
	Prompter Prompter
	// AnswerInput answers an Input of the flow "password" before the Prompter is
	// asked, from the host's own sources (AZURE_PASSWORD, --password-stdin). With
	// it that flow can sign in although nobody can be asked. nil has no answers.
	AnswerInput func(flow, name string) (Secret, bool)
	// Env looks up the variables to which flow options refer; nil has none.
	Env config.Env
	// LoginCommand says which command signs in, for Error.Next; nil is that of
	// authlatch.
	LoginCommand func(Login) string
	// Renew starts the renewal of a token ahead of its expiry, in a process of its
	// own that calls Host.Renew, and returns at once. nil renews it in this process,
	// in the background; Close ends that.
	Renew func(TokenRequest)
	// Log hears what goes on, never a secret; nil drops it.
	Log *slog.Logger
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Registry finds the binary of a flow, trusted to run. *registry.Registry is one.
type Registry interface {
	Find(name string) (launch.Binary, error)
}

// Launcher runs a flow for one request and keeps it to the protocol and its
// limits. *launch.Launcher is one, and its contract is meant.
type Launcher interface {
	Describe(ctx context.Context, b launch.Binary) (*flowv1.DescribeResponse, error)
	GetToken(ctx context.Context, b launch.Binary, start *flowv1.Start, in launch.Interactor) (*flowv1.Token, error)
}

// Host gets tokens under one profile. It is safe for concurrent use.
type Host struct {
	cfg      Config
	settings config.Settings
	store    *store.Store
	log      *slog.Logger
	now      func() time.Time

	recent  recent
	flights flights
	flows   described
	looked  looked

	ca struct {
		sync.Mutex
		read bool
		pem  []byte
	}
}

// ErrClosed is the error of calls to a Host after Close.
var ErrClosed = errors.New("the host is closed")

// New makes a Host. It reads and starts nothing. Its errors are *Error.
func New(cfg Config) (*Host, error) {
	h := &Host{cfg: cfg, settings: cfg.Settings, store: cfg.Store, log: cfg.Log, now: cfg.Now}
	if h.settings.Profile == "" {
		s, err := config.Resolve(&config.File{}, config.Flags{}, func(string) string { return "" })
		if err != nil {
			return nil, h.usage(err)
		}
		h.settings = s
	}
	if h.log == nil {
		h.log = slog.New(slog.DiscardHandler)
	}
	if h.now == nil {
		h.now = time.Now
	}
	if h.store == nil {
		h.store = store.Open(store.Options{Now: h.now})
	}
	if h.cfg.Env == nil {
		h.cfg.Env = func(string) string { return "" }
	}
	if h.cfg.LoginCommand == nil {
		h.cfg.LoginCommand = Login.String
	}
	if h.cfg.Launcher == nil {
		h.cfg.Launcher = &launch.Launcher{Log: cfg.Log, Started: func(pid int, b launch.Binary) {
			h.log.Debug("flow started", "flow", b.Name, "pid", pid, "path", b.Path)
		}}
	}
	return h, nil
}

// Close ends what is under way, with ErrClosed for those who wait, and returns
// when it has ended. It does not close the Store.
func (h *Host) Close() error {
	h.flights.close()
	h.recent.close()
	return nil
}

// GetToken returns a token: a cached one, one renewed without a person, or one
// for which the person is asked, as req allows. A token that is past its refresh
// time, but valid, is handed out at once and renewed meanwhile. Callers that ask for the
// same share one Token, at the same time and later; it is theirs to read, not to change.
// A token that was cached a moment ago, and whose entry nobody has touched since, in
// this process or in another, costs a look at an open file and no allocation.
// State and token are on disk before it returns. Errors are *Error; those of a
// cancelled ctx wrap ctx.Err().
func (h *Host) GetToken(ctx context.Context, req TokenRequest) (*Token, error) {
	if t := h.recent.find(&req, h.now()); t != nil {
		return t, nil
	}
	j, err := h.newJob(req)
	if err != nil {
		return nil, err
	}
	w := h.store.Watch(j.key)
	if t, ok := h.cached(j); ok {
		if t.RefreshDue(h.now()) {
			h.renewAhead(ctx, j)
		}
		return h.recent.put(req, t, w, h.now()), nil
	}
	w.Close()
	return h.share(ctx, j)
}

// share obtains a token, or takes the answer that another caller is about to get.
// That one is on disk a while before its flow has ended, and may have been rejected
// meanwhile, or signed out: then it is not for who comes later.
func (h *Host) share(ctx context.Context, j *job) (*Token, error) {
	for again := false; ; again = true {
		t, joined, err := h.flights.do(ctx, j.flight, func(ctx context.Context) (*Token, error) { return h.obtain(ctx, j) })
		if err != nil || !joined || again || j.Claims != "" || j.Interaction == Force {
			return t, err
		}
		if kept, ok := h.cached(j); ok {
			return tokenOf(kept), nil
		}
	}
}

// SignIn asks the person, whatever is cached, and binds the profile to whoever
// signs in. It is GetToken with Force.
func (h *Host) SignIn(ctx context.Context, req TokenRequest) (*Token, error) {
	req.Interaction = Force
	return h.GetToken(ctx, req)
}
