package secretservice

import (
	"errors"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

var errOtherUser = errors.New("it is another user's (sudo keeps DBUS_SESSION_BUS_ADDRESS)")

// checkPeer refuses a bus that is not this user's: a key is not to be kept by
// somebody else.
func checkPeer(conn net.Conn) error {
	c, ok := conn.(*net.UnixConn)
	if !ok {
		return errors.New("it is no Unix socket")
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var cred *unix.Ucred
	var e error
	err = raw.Control(func(fd uintptr) {
		cred, e = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err := errors.Join(err, e); err != nil {
		return err
	}
	if int(cred.Uid) != os.Geteuid() {
		return errOtherUser
	}
	return nil
}
