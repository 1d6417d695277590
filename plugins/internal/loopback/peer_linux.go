package loopback

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// endpoint is one end of a TCP connection, as the kernel knows it.
type endpoint struct {
	uid  uint32 // as seen from this user namespace
	open bool   // a process has it; else uid says nothing
}

var (
	errNoEndpoint = errors.New("no such connection in this network namespace")
	errTooMany    = errors.New("too many connections to find one")
)

// fromStranger reports whether another user of this machine sends what comes
// over c.
func fromStranger(c net.Conn) bool {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return false
	}
	// The end that we do not have: its own address is our remote one.
	own, far := unmapped(tcp.RemoteAddr()), unmapped(tcp.LocalAddr())
	e, err := askKernel(own, far)
	if err != nil {
		// The kernel's module may be absent, and the question forbidden.
		e, err = readTables(procTables, own, far)
	}
	switch {
	case err == nil:
		return !e.ours()
	case errors.Is(err, errTooMany):
		return true // else whoever opens enough connections would not be found
	}
	return !stays(tcp)
}

func unmapped(a net.Addr) netip.AddrPort {
	ap := a.(*net.TCPAddr).AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap().WithZone(""), ap.Port())
}

// ours reports whether what comes from e may be the person's browser. Who has
// sent a request and closed the connection is not: a browser waits for the page.
func (e endpoint) ours() bool {
	if !e.open {
		return false
	}
	if e.uid == 0 || e.uid == uint32(os.Geteuid()) {
		return true
	}
	login, ok := loginUID()
	return ok && e.uid == login
}

// loginUID is the user who logged in to the session that this process belongs
// to, if the system keeps it: the person whose browser it is when authlatch runs
// by sudo or su. In the sandbox only the host can say so.
func loginUID() (uint32, bool) {
	const unset = 1<<32 - 1
	text := os.Getenv(loginUIDKey)
	if text == "" {
		b, err := os.ReadFile("/proc/self/loginuid")
		if err != nil {
			return 0, false
		}
		text = strings.TrimSpace(string(b))
	}
	uid, err := strconv.ParseUint(text, 10, 32)
	return uint32(uid), err == nil && uid != unset
}

// loginUIDKey is of the protocol (docs/protocol.md, section 1).
const loginUIDKey = "AUTHLATCH_LOGIN_UID"

// settleTime is many times what the kernel takes to deliver a reset on the
// loopback interface.
const settleTime = 100 * time.Millisecond

// stays reports whether a connection whose other end cannot be found has one all
// the same. An attacker's reset removes their end from the tables before it
// arrives at ours, and what was sent before can still be read.
func stays(c *net.TCPConn) bool {
	if !established(c) {
		return false
	}
	time.Sleep(settleTime)
	return established(c)
}

func established(c *net.TCPConn) bool {
	raw, err := c.SyscallConn()
	if err != nil {
		return false
	}
	ok := false
	err = raw.Control(func(fd uintptr) {
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		// A sandbox that hides the state hides it from us alone.
		ok = err != nil || info.State == unix.BPF_TCP_ESTABLISHED
	})
	return err == nil && ok
}
