//go:build linux && (amd64 || arm64)

package sandbox

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// handedOut is a socket as the broker hands it out.
func handedOut(t *testing.T, domain, kind, protocol int) int {
	t.Helper()
	fd, err := (&broker{}).open(domain, kind, protocol)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	return fd
}

// A Unix socket serves whoever connects, and says nothing to whom it connects to.
func TestMute(t *testing.T) {
	dir, err := os.MkdirTemp("/tmp", "al") // short, for sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	server := handedOut(t, unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err := errors.Join(unix.Bind(server, &unix.SockaddrUnix{Name: path}), unix.Listen(server, 1)); err != nil {
		t.Fatal(err)
	}
	client, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	accepted, _, err := unix.Accept(server)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(accepted) }()
	if _, err := unix.Write(accepted, []byte("welcome")); err != nil {
		t.Errorf("a flow cannot answer its host: %v", err)
	}

	caller := handedOut(t, unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err := unix.Connect(caller, &unix.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Sendto(caller, []byte("x"), unix.MSG_NOSIGNAL, nil); !errors.Is(err, unix.EPIPE) {
		t.Errorf("it says something: %v", err)
	}
}

// A UDP socket hears name servers and nobody else, whatever it tries.
func TestNamesOnly(t *testing.T) {
	fd := handedOut(t, unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	at, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	to := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: at.(*unix.SockaddrInet4).Port}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DETACH_FILTER, 0); !errors.Is(err, unix.EPERM) {
		t.Errorf("the condition can be taken off: %v", err)
	}
	send := func(from int, text string) error {
		c, err := net.DialUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: from}, to)
		if err != nil {
			return err
		}
		defer func() { _ = c.Close() }()
		_, err = c.Write([]byte(text))
		return err
	}
	if err := send(0, "stranger"); err != nil {
		t.Fatal(err)
	}
	if !waitsForNothing(t, fd) {
		t.Error("it hears a stranger")
	}
	err = send(portOfNames, "name server")
	if errors.Is(err, fs.ErrPermission) {
		t.Skip("only root can answer from port 53")
	}
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 100)
	n, err := unix.Read(fd, b)
	if err != nil || string(b[:n]) != "name server" {
		t.Errorf("it hears %q, %v", b[:n], err)
	}
}

// waitsForNothing: what is sent on the loopback interface has arrived when send
// returns.
func waitsForNothing(t *testing.T, fd int) bool {
	t.Helper()
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, 0)
	if err != nil {
		t.Fatal(err)
	}
	return n == 0
}

// A netlink socket hears no list of connections.
func TestOneAnswer(t *testing.T) {
	fd := handedOut(t, unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_SOCK_DIAG)
	list := make([]byte, 16+56) // nlmsghdr, inet_diag_req_v2
	list[0], list[4] = byte(len(list)), 20
	list[6], list[7] = unix.NLM_F_REQUEST, byte(unix.NLM_F_DUMP>>8)
	list[16], list[17] = unix.AF_INET, unix.IPPROTO_TCP
	for i := 20; i < 24; i++ {
		list[i] = 0xff // in any state
	}
	if err := unix.Sendto(fd, list, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		t.Fatal(err)
	}
	if !waitsForNothing(t, fd) {
		t.Error("it hears a list")
	}
	one := append([]byte(nil), list...)
	one[7] = 0
	if err := unix.Sendto(fd, one, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		t.Fatal(err)
	}
	if waitsForNothing(t, fd) {
		t.Error("it does not hear the answer about one connection")
	}
}

// What the filter does not refer, the broker does not open.
func TestBrokerOpensNothingElse(t *testing.T) {
	for _, s := range [][3]int{
		{unix.AF_PACKET, unix.SOCK_RAW, 0}, {unix.AF_INET, unix.SOCK_STREAM, 0},
		{unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE}, {unix.AF_INET6, unix.SOCK_RAW, unix.IPPROTO_ICMPV6},
	} {
		if fd, err := (&broker{}).open(s[0], s[1], s[2]); !errors.Is(err, unix.EPERM) {
			_ = unix.Close(fd)
			t.Errorf("%v: %v", s, err)
		}
	}
	fd, err := (&broker{datagrams: true}).open(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(fd) }()
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DETACH_FILTER, 0); !errors.Is(err, unix.ENOENT) {
		t.Errorf("a loosened one has a condition: %v", err)
	}
}

// Nor does it hear what the kernel tells whoever listens: which connections have
// ended, all users'.
func TestNoNewsOfOthers(t *testing.T) {
	free, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(free) }()
	const all = 0xf // groups: TCP and UDP, IPv4 and IPv6
	fd := handedOut(t, unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_SOCK_DIAG)
	for _, fd := range []int{fd, free} { // fd is told first
		if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: all}); err != nil {
			t.Skipf("nobody is told here: %v", err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	for range 3 {
		client, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		server, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		_ = client.(*net.TCPConn).SetLinger(0)
		_, _ = client.Close(), server.Close()
	}
	// The kernel tells of them in its own time, each listener in turn.
	for range 2 {
		if n, err := unix.Poll([]unix.PollFd{{Fd: int32(free), Events: unix.POLLIN}}, 10_000); err != nil || n == 0 {
			t.Skipf("nobody is told here: %v", err)
		}
		if _, err := unix.Read(free, make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
	}
	if !waitsForNothing(t, fd) {
		t.Error("it hears of others' connections")
	}
}
