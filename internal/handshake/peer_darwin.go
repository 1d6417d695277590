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
	var pid int
	var pidErr error
	err = raw.Control(func(fd uintptr) {
		pid, pidErr = unix.GetsockoptInt(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERPID)
	})
	if err != nil {
		return 0, err
	}
	return pid, pidErr
}
