package launch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/authlatch/authlatch/internal/handshake"
)

// dial connects to the flow once: a flow serves one request on one connection.
// It refuses a Unix socket that another process listens on.
func (p *process) dial(ctx context.Context, _ string) (net.Conn, error) {
	p.mu.Lock()
	again := p.dialed
	p.dialed = true
	p.mu.Unlock()
	if again {
		return nil, errors.New("the connection to the flow is lost")
	}
	f := strings.Split(p.line, "|")
	var d net.Dialer
	conn, err := d.DialContext(ctx, f[2], f[3])
	if err == nil {
		err = p.checkPeer(conn)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		p.refuse = err
		if conn != nil {
			_ = conn.Close()
		}
		return nil, err
	}
	p.conn = conn
	return conn, nil
}

func (p *process) checkPeer(conn net.Conn) error {
	unixConn, ok := conn.(*net.UnixConn)
	if !ok {
		return nil // TCP: mutual TLS tells who it is
	}
	pid, err := handshake.PeerPID(unixConn)
	if err != nil {
		return fmt.Errorf("cannot tell who listens: %w", err)
	}
	if pid != p.pid {
		return fmt.Errorf("process %d listens on its socket, not %d, which was started", pid, p.pid)
	}
	return nil
}

// refusal is why the flow's socket was not accepted, or nil.
func (p *process) refusal() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.refuse
}
