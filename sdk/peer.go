package sdk

import (
	"context"
	"errors"
	"fmt"
	"net"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/stats"

	"github.com/authlatch/authlatch/internal/handshake"
)

// hostOnly lets one process connect to the flow's Unix socket. Where the system
// does not tell who connects, the socket's directory is what protects it.
type hostOnly struct{ pid int }

func (c hostOnly) ServerHandshake(conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	unixConn, ok := conn.(*net.UnixConn)
	if !ok {
		return nil, nil, fmt.Errorf("connection over %s", conn.LocalAddr().Network())
	}
	pid, err := handshake.PeerPID(unixConn)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
	case err != nil:
		return nil, nil, err
	case pid != c.pid:
		return nil, nil, fmt.Errorf("connection from process %d, not from the host", pid)
	}
	return conn, peerInfo{credentials.CommonAuthInfo{SecurityLevel: credentials.NoSecurity}}, nil
}

func (hostOnly) ClientHandshake(context.Context, string, net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return nil, nil, errors.New("a flow is no client")
}

func (hostOnly) Info() credentials.ProtocolInfo {
	return credentials.ProtocolInfo{SecurityProtocol: "peercred"}
}

func (c hostOnly) Clone() credentials.TransportCredentials { return c }

func (hostOnly) OverrideServerName(string) error { return nil }

type peerInfo struct{ credentials.CommonAuthInfo }

func (peerInfo) AuthType() string { return "peercred" }

// hangUp calls leave when the host's connection ends, of its own will or because
// the host died: the host connects once.
type hangUp struct{ leave func() }

func (h hangUp) HandleConn(_ context.Context, s stats.ConnStats) {
	if _, ok := s.(*stats.ConnEnd); ok {
		go h.leave()
	}
}

func (hangUp) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (hangUp) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }
func (hangUp) HandleRPC(context.Context, stats.RPCStats)                         {}
