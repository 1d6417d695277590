package sdk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/authlatch/authlatch/internal/handshake"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// exitGrace is how long a flow may still clean up when its host has gone or has
// told it to stop. The host kills it after three seconds.
const exitGrace = 500 * time.Millisecond

// Serve runs flow for the host that started this process, and does not return
// before the host is done or gone. It is all that main does:
//
//	func main() { sdk.Serve(corp{}) }
//
// Run by hand the process says what it is on stderr and exits with code 1. Serve
// reads no argument and no stdin, writes one line to stdout, and from then on
// what the flow prints or logs goes to the host's log: bounded, not secret, and
// never to the person. The process closes every descriptor but 0, 1 and 2 that
// it was started with (Unix), makes itself undumpable (Linux), writes no core
// file (Unix), collects garbage later than Go's default, accepts a connection
// from its parent only (Linux, macOS; by mutual TLS elsewhere), and exits when its
// parent is gone.
func Serve(flow Flow) {
	if os.Getenv(handshake.CookieKey) != handshake.CookieValue {
		fmt.Fprintf(os.Stderr, "%s is the flow %q of authlatch, not a command: authlatch starts it.\n"+
			"Install it and try:  authlatch flow list\n", filepath.Base(os.Args[0]), flow.Describe().Name)
		os.Exit(1)
	}
	closeInherited()
	protectSelf()
	collectLater()
	host, err := parent()
	if err != nil {
		fmt.Fprintf(os.Stderr, "flow %s: %v\n", flow.Describe().Name, err)
		os.Exit(1)
	}
	if p, ok := flow.(Preparer); ok {
		go p.Prepare(Ahead{CABundle: os.Getenv(handshake.CABundleKey) == "1"})
	}
	s := &server{flow: flow, once: true}
	leave := func() {
		s.wait(exitGrace)
		os.Exit(0)
	}
	go func() {
		waitForExit(host)
		leave()
	}()
	// stderr as it is now is the pipe to the host; go-plugin replaces the
	// variable.
	logger := hclog.New(&hclog.LoggerOptions{Name: "sdk", Level: hclog.Error, Output: os.Stderr, JSONFormat: true})
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion:  handshake.Version,
			MagicCookieKey:   handshake.CookieKey,
			MagicCookieValue: handshake.CookieValue,
		},
		Plugins: plugin.PluginSet{handshake.PluginName: flowPlugin{server: s}},
		Logger:  logger,
		GRPCServer: func(opts []grpc.ServerOption) *grpc.Server {
			opts = append(opts,
				grpc.MaxRecvMsgSize(flowv1.MaxMessageSize),
				grpc.MaxSendMsgSize(flowv1.MaxMessageSize),
				grpc.StatsHandler(hangUp{leave}))
			if os.Getenv("PLUGIN_CLIENT_CERT") == "" && runtime.GOOS != "windows" {
				opts = append(opts, grpc.Creds(hostOnly{host}))
			}
			return grpc.NewServer(opts...)
		},
	})
	s.wait(exitGrace)
}

// ServeIfFlow makes one binary both a host and its flows: called first in main,
// it serves the flow that the host asks for and exits the process, or returns at
// once if this process was not started as a flow.
//
//	func main() {
//		sdk.ServeIfFlow(corp{})
//		…
//	}
func ServeIfFlow(flows ...Flow) {
	if os.Getenv(handshake.CookieKey) != handshake.CookieValue {
		return
	}
	name := os.Getenv(handshake.FlowNameKey)
	for _, flow := range flows {
		if flow.Describe().Name == name {
			Serve(flow)
			os.Exit(0)
		}
	}
	fmt.Fprintf(os.Stderr, "%s holds no flow %q\n", filepath.Base(os.Args[0]), name)
	os.Exit(1)
}

// Register serves flow on s, one request at a time, as Serve does after the
// handshake. It is for tests that hold a flow to the protocol over gRPC without
// a process; flow binaries call Serve.
func Register(s grpc.ServiceRegistrar, flow Flow) {
	flowv1.RegisterFlowServiceServer(s, &server{flow: flow})
}

// collectLater has a process that lives for one request collect its garbage from
// 16 MiB on instead of 4: one that starts, reads the system's roots and answers
// ends before that. An author who has set another pace keeps it.
func collectLater() {
	const byDefault, later = 100, 400
	if set := debug.SetGCPercent(later); set != byDefault {
		debug.SetGCPercent(set)
	}
}

// parent returns the host's process id. It fails if the host, by its own word,
// is no longer the parent: it has died, and nobody waits for this flow.
func parent() (int, error) {
	ppid := os.Getppid()
	if named, err := strconv.Atoi(os.Getenv(handshake.HostPIDKey)); err == nil && named != ppid {
		return 0, fmt.Errorf("the host (process %d) is gone", named)
	}
	return ppid, nil
}

// flowPlugin is the server's half of go-plugin's plugin.
type flowPlugin struct {
	plugin.NetRPCUnsupportedPlugin
	server *server
}

func (p flowPlugin) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	flowv1.RegisterFlowServiceServer(s, p.server)
	return nil
}

func (flowPlugin) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.New("a flow is no host")
}
