package handshake

import (
	"net"

	"golang.org/x/sys/unix"
)

// PeerPID returns the process at the other end of a Unix socket: who connected,
// or, seen from there, who listened. A system that cannot tell answers
// errors.ErrUnsupported.
func PeerPID(c *net.UnixConn) (int, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	var cred *unix.Ucred
	var credErr error
	err = raw.Control(func(fd uintptr) {
		cred, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err != nil {
		return 0, err
	}
	if credErr != nil {
		return 0, credErr
	}
	return int(cred.Pid), nil
}
