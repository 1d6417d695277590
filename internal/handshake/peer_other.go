//go:build !linux && !darwin

package handshake

import (
	"errors"
	"net"
)

// PeerPID returns the process at the other end of a Unix socket: who connected,
// or, seen from there, who listened. A system that cannot tell answers
// errors.ErrUnsupported.
func PeerPID(*net.UnixConn) (int, error) { return 0, errors.ErrUnsupported }
