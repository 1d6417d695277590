package launch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/authlatch/authlatch/host/launch/internal/sandbox"
	"github.com/authlatch/authlatch/internal/handshake"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// maxHeaderList bounds what a flow may send as gRPC headers and trailers. The
// largest honest one is a status with a claims challenge.
const maxHeaderList = 128 << 10

// maxWhat bounds the text of a PluginError, in characters.
const maxWhat = 400

// session is one running flow with a connection.
type session struct {
	launcher *Launcher
	name     string
	dir      *privateDir
	process  *process
	client   *plugin.Client
	flow     flowv1.FlowServiceClient
	// unreachable is why the first call could not connect; nil if it did.
	unreachable error
}

// start runs b until there is a connection to it, for request, which is nil for
// Describe. ctx ends the attempt.
func (l *Launcher) start(ctx context.Context, b Binary, request *flowv1.Start) (*session, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("flow %s: %w", b.Name, err)
	}
	dir, err := newPrivateDir(l.TempDir)
	if err != nil {
		return nil, fmt.Errorf("make a private directory for flow %s: %w", b.Name, err)
	}
	starting, cancel := context.WithTimeout(ctx, orDefault(l.StartTimeout, DefaultStartTimeout))
	defer cancel()
	image, err := l.load(starting, b)
	if err != nil {
		dir.remove()
		return nil, l.startError(ctx, b.Name, starting.Err(), err)
	}
	s := &session{launcher: l, name: b.Name, dir: dir, process: l.newProcess(starting, b, image, dir.path, request)}
	s.client = plugin.NewClient(s.config())

	unwatch := context.AfterFunc(starting, s.process.kill)
	err = s.connect()
	if err == nil && unwatch() {
		return s, nil
	}
	late := starting.Err()
	if late == nil {
		err = s.fault(err, "%v", err)
	}
	return nil, s.abort(l.startError(ctx, b.Name, late, err))
}

func (l *Launcher) newProcess(starting context.Context, b Binary, i *image, dir string, request *flowv1.Start) *process {
	environ := l.Environ
	if environ == nil {
		environ = os.Environ()
	}
	env := append(pickEnviron(environ), tempEnviron(dir)...)
	env = append(env, loginEnviron()...)
	env = append(env,
		handshake.HostPIDKey+"="+strconv.Itoa(os.Getpid()),
		handshake.FlowNameKey+"="+b.Name)
	if i.files != "" {
		env = append(env, handshake.FlowDirKey+"="+i.files)
	}
	if len(request.GetCaBundle()) > 0 {
		env = append(env, handshake.CABundleKey+"=1")
	}
	out := &output{}
	if l.Log != nil {
		out.log = l.Log.With("flow", b.Name)
	}
	l.logLoosening(out.log)
	p := &process{
		binary:   b,
		image:    i,
		dir:      dir,
		env:      env,
		mtls:     l.AutoMTLS || runtime.GOOS == "windows",
		out:      out,
		starting: starting,
		gone:     make(chan struct{}),
	}
	p.policy = func(path string) *sandbox.Policy { return l.policy(i, path, dir, env, request) }
	if l.Started != nil {
		p.started = func(pid int) { l.Started(pid, b) }
	}
	return p
}

// config is go-plugin's, with each of its defaults that is not safe here
// replaced.
func (s *session) config() *plugin.ClientConfig {
	p := s.process
	return &plugin.ClientConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion:  handshake.Version,
			MagicCookieKey:   handshake.CookieKey,
			MagicCookieValue: handshake.CookieValue,
		},
		Plugins:          plugin.PluginSet{handshake.PluginName: flowPlugin{}},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		RunnerFunc: func(_ hclog.Logger, cmd *exec.Cmd, _ string) (runner.Runner, error) {
			// cmd.Env holds go-plugin's own variables. Of two with the same name
			// the last one wins.
			p.env = append(append(p.env, cmd.Env...), plugin.EnvUnixSocketDir+"="+p.dir)
			return p, nil
		},
		SkipHostEnv:      true,
		StartTimeout:     orDefault(s.launcher.StartTimeout, DefaultStartTimeout),
		AutoMTLS:         p.mtls,
		UnixSocketConfig: &plugin.UnixSocketConfig{TempDir: p.dir},
		// Its log would name paths and repeat what the flow says.
		Logger: hclog.NewNullLogger(),
		// What a Go flow prints after the handshake travels over gRPC. It must be
		// read, or the flow blocks.
		SyncStdout: p.out.writer("stdout"),
		SyncStderr: p.out.writer("stderr"),
		GRPCDialOptions: []grpc.DialOption{
			grpc.WithContextDialer(p.dial),
			grpc.WithNoProxy(),
			grpc.WithDisableRetry(),
			grpc.WithDisableServiceConfig(),
			grpc.WithMaxHeaderListSize(maxHeaderList),
			grpc.WithDefaultCallOptions(
				grpc.MaxCallRecvMsgSize(flowv1.MaxMessageSize),
				grpc.MaxCallSendMsgSize(flowv1.MaxMessageSize)),
			grpc.WithChainStreamInterceptor(s.interceptStream),
			grpc.WithChainUnaryInterceptor(s.interceptUnary),
		},
	}
}

// Methods of go-plugin that its client calls by itself.
const (
	brokerMethod   = "/plugin.GRPCBroker/StartStream"
	stdioMethod    = "/plugin.GRPCStdio/StreamStdio"
	shutdownMethod = "/plugin.GRPCController/Shutdown"
)

func (s *session) interceptStream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	switch method {
	case brokerMethod:
		// Nothing is brokered, and each message on this stream would cost the
		// host a goroutine for five seconds.
		return nil, status.Error(codes.Unimplemented, "the broker is not used")
	case stdioMethod:
		// This is the connection's first call. go-plugin leaks the connection if
		// it fails with another code than Unavailable.
		stream, err := streamer(ctx, desc, cc, method, opts...)
		if err != nil {
			s.unreachable = err
			return nil, status.Error(codes.Unavailable, "the flow cannot be reached")
		}
		return stream, nil
	}
	return streamer(ctx, desc, cc, method, opts...)
}

func (s *session) interceptUnary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	err := invoker(ctx, method, req, reply, cc, opts...)
	if method == shutdownMethod && status.Code(err) == codes.Unimplemented {
		// A flow without go-plugin's controller is asked in the system's way, or
		// go-plugin would wait 2 s in vain.
		s.process.terminate()
	}
	return err
}

// connect starts the process and makes the first call.
func (s *session) connect() error {
	if _, err := s.client.Start(); err != nil {
		return err
	}
	protocol, err := s.client.Client()
	if err != nil {
		return fmt.Errorf("cannot be reached: %w", err)
	}
	if err := s.unreachable; err != nil {
		if refuse := s.process.refusal(); refuse != nil {
			err = refuse
		}
		return fmt.Errorf("cannot be reached: %w", err)
	}
	flow, err := protocol.Dispense(handshake.PluginName)
	if err != nil {
		return fmt.Errorf("cannot be reached: %w", err)
	}
	s.flow = flow.(flowv1.FlowServiceClient)
	return nil
}

// stop ends the flow: it is asked, has StopTimeout, and is killed with its
// group. It returns err.
func (s *session) stop(err error) error {
	late := time.AfterFunc(orDefault(s.launcher.StopTimeout, DefaultStopTimeout), s.process.kill)
	defer late.Stop()
	s.client.Kill()
	return s.abort(err)
}

// abort kills the flow, cleans up and returns err.
func (s *session) abort(err error) error {
	s.process.kill()
	s.client.Kill()
	if s.process.ID() != "" {
		<-s.process.gone
	}
	s.process.image.remove()
	s.dir.remove()
	return err
}

// fault makes the PluginError "flow NAME what".
func (s *session) fault(err error, format string, args ...any) error {
	return pluginError(s.name, err, format, args...)
}

// flowPlugin is the client's half of go-plugin's plugin.
type flowPlugin struct{ plugin.NetRPCUnsupportedPlugin }

func (flowPlugin) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, cc *grpc.ClientConn) (any, error) {
	return flowv1.NewFlowServiceClient(cc), nil
}

func (flowPlugin) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error {
	return errors.New("a host serves no flow")
}
