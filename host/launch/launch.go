// Package launch runs flow binaries: one process per request, through
// go-plugin, behind a runner of its own because go-plugin's default one is not
// safe for a credential helper. What runs of a pinned binary is the content that
// was verified, not the file. It decides neither which binary may run
// (package registry does) nor what a failure means for the next flow (package
// host does), and it never writes to a standard stream.
//
// Whatever a flow does, Describe and GetToken return within their bounds, leave
// no process of its group, no socket, no file descriptor and no goroutine
// behind, and answer with a valid message, the context's error, a *FlowError, a
// *PluginError or, before anything was run, a *ChangedError.
//
// A flow gets descriptors 0, 1 and 2. On Unix it also gets what the embedding
// program has left open without close-on-exec, which for a Go program is what it
// was started with: marking that is for main, as cmd/authlatch does first of
// all, because a library cannot know what its program means to pass on. Flows
// with the SDK close it at their start; another flow can use it.
package launch

import (
	"context"
	"log/slog"
	"sync"
	"time"

	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// Bounds of a launch that a Launcher leaves at zero.
const (
	// DefaultStartTimeout bounds the way from fork to a connection. A flow
	// takes about 10 ms; the rest is for virus scanners, cold disks and
	// interpreted flows on a loaded machine.
	DefaultStartTimeout = 10 * time.Second
	// DefaultDescribeTimeout bounds Describe, which does no I/O.
	DefaultDescribeTimeout = 5 * time.Second
	// DefaultStopTimeout is how long a flow may take to clean up before its
	// process group is killed; a person who pressed Ctrl-C is waiting.
	DefaultStopTimeout = 3 * time.Second
)

// Binary is a flow's executable, chosen and checked by the registry.
type Binary struct {
	// Name is NAME of authlatch-flow-NAME: lowercase letters, digits, dashes.
	Name string
	// Path is absolute: of the executable, or of a flow.toml (package manifest).
	Path string
	// SHA256, in lowercase hex, is what Path's content must have. That content is
	// executed then, whatever happens to the file, and for a flow.toml that of the
	// files which it lists. "" is for a flow of the installation, which is as
	// trusted as the host: the file itself is executed.
	SHA256 string
}

// Launcher starts flows. The zero value works. It is safe for concurrent use as
// long as its fields are not changed.
type Launcher struct {
	// Log gets what flows write to stdout and stderr, cleaned and bounded, with
	// the attribute "flow". nil drops it.
	Log *slog.Logger

	// Zero means the default of that name; negative is not allowed.
	StartTimeout    time.Duration
	DescribeTimeout time.Duration
	StopTimeout     time.Duration

	// Environ is what the allow-list picks a flow's environment from, in the
	// form of os.Environ. nil means os.Environ().
	Environ []string
	// TempDir is where private socket directories are made. "" means the
	// system's directory for temporary files.
	TempDir string
	// AutoMTLS turns mutual TLS on also where the transport is a Unix socket
	// with checked peers. It costs about 20 ms a launch. On Windows, where the
	// transport is TCP, it is always on.
	AutoMTLS bool

	// Loosen opens the sandbox (Linux; SandboxStatus says what of it holds). Each
	// launch with it is logged as a warning.
	Loosen Loosening

	// Started is called after each fork, for tests and demonstrations. It must
	// return soon. nil is not called.
	Started func(pid int, b Binary)
}

// Interactor answers what a flow asks of the person.
type Interactor interface {
	// Interact carries one interaction, of a kind that this launcher knows, and
	// answers it; value is the text for an input that is DONE. Calls do not
	// overlap. ctx ends when the stream moves on to the next interaction or
	// ends, not when Interact returns, so that a code can stay on screen;
	// Interact returns soon after ctx has ended. An error ends the stream and is
	// returned by GetToken, wrapped.
	Interact(ctx context.Context, i *flowv1.Interaction) (outcome flowv1.Outcome, value string, err error)
}

// Receiver is an Interactor that can use the time that a flow takes to end.
type Receiver interface {
	// Receive is called at most once, with the token that GetToken will return,
	// while the flow is being ended. GetToken returns after both.
	Receive(t *flowv1.Token)
}

// Describe asks the flow what it is. The answer is within the protocol's
// limits, its name is b.Name, and its texts are clean.
func (l *Launcher) Describe(ctx context.Context, b Binary) (*flowv1.DescribeResponse, error) {
	s, err := l.start(ctx, b, nil)
	if err != nil {
		return nil, err
	}
	d, err := s.describe(ctx)
	return d, s.stop(err)
}

// GetToken holds one conversation with the flow and returns its token, which is
// within the protocol's limits, not yet expired and of the type asked for. It
// sets start.HostPid in a copy of start. ctx bounds it all: when ctx ends the
// flow is cancelled, has StopTimeout to clean up, and is killed. in may be nil,
// and then every interaction is UNAVAILABLE.
func (l *Launcher) GetToken(ctx context.Context, b Binary, start *flowv1.Start, in Interactor) (*flowv1.Token, error) {
	var preparing sync.WaitGroup
	preparing.Go(prepareMessages)
	s, err := l.start(ctx, b, start)
	preparing.Wait()
	if err != nil {
		return nil, err
	}
	t, err := s.getToken(ctx, start, in)
	var receiving sync.WaitGroup
	if r, ok := in.(Receiver); ok && err == nil {
		receiving.Go(func() { r.Receive(t) })
	}
	err = s.stop(err)
	receiving.Wait()
	if err != nil {
		return nil, err
	}
	return t, nil
}

func orDefault(d, def time.Duration) time.Duration {
	if d == 0 {
		return def
	}
	return d
}
