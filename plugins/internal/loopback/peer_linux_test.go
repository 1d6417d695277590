package loopback

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

const nobody = 65534

// pair is both ends of a connection to a listener of ours, and the addresses of
// the client's, as fromStranger asks for them.
func pair(t *testing.T, network, address string, dial func(netip.AddrPort) net.Conn) (client, server net.Conn, own, far netip.AddrPort) {
	t.Helper()
	ln, err := net.Listen(network, address)
	if err != nil {
		t.Skip(err) // a machine without ::1
	}
	defer ln.Close()
	client = dial(ln.Addr().(*net.TCPAddr).AddrPort())
	if server, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); server.Close() })
	return client, server, unmapped(server.RemoteAddr()), unmapped(server.LocalAddr())
}

// socket connects with a socket of an address family and, if device is not "",
// of an interface.
func socket(t *testing.T, family int, device string, to netip.AddrPort) net.Conn {
	t.Helper()
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), "socket")
	defer f.Close()
	if device != "" {
		if err := unix.BindToDevice(fd, device); err != nil {
			t.Skip(err)
		}
	}
	var sa unix.Sockaddr = &unix.SockaddrInet6{Port: int(to.Port()), Addr: to.Addr().As16()}
	if family == unix.AF_INET {
		sa = &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}
	}
	if err := unix.Connect(fd, sa); err != nil {
		t.Fatal(err)
	}
	c, err := net.FileConn(f)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// asUser runs f on a thread whose new sockets belong to uid.
func asUser(t *testing.T, uid int, f func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("CI must run this as root")
		}
		t.Skip("only root can be somebody else")
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // without unlocking: the thread ends with this
		if err := unix.Setfsuid(uid); err != nil {
			t.Error(err)
			return
		}
		f()
	}()
	<-done
}

// Both ways to ask agree, whatever the kind of socket.
func TestEndpoint(t *testing.T) {
	me := endpoint{uid: uint32(os.Geteuid()), open: true}
	for name, c := range map[string]struct {
		network, address, device string
		family                   int
		user                     int
		want                     endpoint
	}{
		"IPv4":                       {network: "tcp4", address: "127.0.0.1:0", family: unix.AF_INET, want: me},
		"IPv6":                       {network: "tcp6", address: "[::1]:0", family: unix.AF_INET6, want: me},
		"IPv4 by an IPv6 socket":     {network: "tcp4", address: "127.0.0.1:0", family: unix.AF_INET6, want: me},
		"bound to lo":                {network: "tcp4", address: "127.0.0.1:0", family: unix.AF_INET, device: "lo", want: me},
		"another user":               {network: "tcp4", address: "127.0.0.1:0", family: unix.AF_INET, user: nobody, want: endpoint{nobody, true}},
		"another user, bound to lo":  {network: "tcp4", address: "127.0.0.1:0", family: unix.AF_INET, device: "lo", user: nobody, want: endpoint{nobody, true}},
		"another user, other family": {network: "tcp4", address: "127.0.0.1:0", family: unix.AF_INET6, user: nobody, want: endpoint{nobody, true}},
	} {
		t.Run(name, func(t *testing.T) {
			client, server, own, far := pair(t, c.network, c.address, func(to netip.AddrPort) (conn net.Conn) {
				if c.user == 0 {
					return socket(t, c.family, c.device, to)
				}
				asUser(t, c.user, func() { conn = socket(t, c.family, c.device, to) })
				return conn
			})
			check := func(how string, want endpoint, e endpoint, err error) {
				t.Helper()
				if err != nil || e != want {
					t.Errorf("%s: %+v, %v; want %+v", how, e, err, want)
				}
			}
			e, err := readTables(procTables, own, far)
			check("tables", c.want, e, err)
			e, err = askKernel(own, far)
			if !canAsk(t) {
				t.Logf("no socket diagnosis here: %v", err)
			} else {
				check("diagnosis", c.want, e, err)
			}
			if got, want := fromStranger(server), c.user != 0; got != want {
				t.Errorf("a stranger: %v, want %v", got, want)
			}
			client.Close() // our end is still open, so theirs waits for it
			if e, err := readTables(procTables, own, far); err == nil && e.ours() {
				t.Errorf("whoever has left counts as ours: %+v", e)
			}
			if !fromStranger(server) {
				t.Error("who has left is taken for the person's browser")
			}
		})
	}
}

// canAsk reports whether this kernel has the module and this sandbox allows it.
func canAsk(t *testing.T) bool {
	t.Helper()
	_, _, own, far := pair(t, "tcp4", "127.0.0.1:0", func(to netip.AddrPort) net.Conn { return socket(t, unix.AF_INET, "", to) })
	_, err := askKernel(own, far)
	return err == nil
}

// The true answer from another user is a stray; the person's own then counts.
func TestAnswerOfAnotherUser(t *testing.T) {
	l := start(t, Target{})
	asUser(t, nobody, func() {
		c := socket(t, unix.AF_INET, "", netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(l.port)))
		defer c.Close()
		if _, err := io.WriteString(c, post(l, answerForm(l, "theirs"))); err != nil {
			t.Error(err)
		}
		if b, _ := io.ReadAll(c); !strings.HasPrefix(string(b), fmt.Sprintf("HTTP/1.1 %d ", http.StatusForbidden)) {
			t.Errorf("they got %q", b)
		}
	})
	finish(t, l)
}

// A browser that the kernel does not know, on another system that shares our
// loopback interface, is believed; whoever has reset the connection is not.
func TestUnknownEndpoint(t *testing.T) {
	client, server, own, far := pair(t, "tcp4", "127.0.0.1:0", func(to netip.AddrPort) net.Conn { return socket(t, unix.AF_INET, "", to) })
	other := netip.AddrPortFrom(own.Addr(), own.Port()^1)
	if _, err := readTables(procTables, other, far); !errors.Is(err, errNoEndpoint) {
		t.Errorf("another port: %v", err)
	}
	if e, err := askKernel(other, far); err == nil {
		t.Errorf("another port: the kernel knows %+v", e)
	}
	if !stays(server.(*net.TCPConn)) {
		t.Error("an open connection does not stay")
	}
	_ = client.(*net.TCPConn).SetLinger(0)
	client.Close()
	if stays(server.(*net.TCPConn)) || !fromStranger(server) {
		t.Error("a connection that was reset stays")
	}
}

func TestTables(t *testing.T) {
	own, far := netip.MustParseAddrPort("127.0.0.1:40000"), netip.MustParseAddrPort("127.0.0.1:8400")
	line := func(six bool, from, to netip.AddrPort, uid, inode string) string {
		return fmt.Sprintf("   7: %s %s 01 00000000:00000000 00:00000000 00000000 %s        0 %s 1 0 20 4 30 10 -1\n", procAddr(from, six), procAddr(to, six), uid, inode)
	}
	header := "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
	for name, c := range map[string]struct {
		table string
		limit int64
		want  endpoint
		err   string
	}{
		"found":            {table: header + line(false, own, far, "1000", "123"), want: endpoint{1000, true}},
		"of an IPv6 table": {table: header + line(true, own, far, "1000", "123"), want: endpoint{1000, true}},
		"nobody has it":    {table: header + line(false, own, far, "0", "0"), want: endpoint{0, false}},
		"only our end":     {table: header + line(false, far, own, "1000", "123"), err: errNoEndpoint.Error()},
		"empty":            {table: header, err: errNoEndpoint.Error()},
		"cut":              {table: header + line(false, own, far, "1000", "123"), limit: 150, err: errTooMany.Error()},
		"not a number":     {table: header + line(false, own, far, "x", "123"), err: "read a connection's user"},
		"too few fields":   {table: "1: " + procAddr(own, false) + " " + procAddr(far, false) + " 01\n", err: errNoEndpoint.Error()},
		"an endless line":  {table: strings.Repeat("x", 1<<17), err: "token too long"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.limit == 0 {
				c.limit = maxTable
			}
			e, err := findEndpoint(&io.LimitedReader{R: strings.NewReader(c.table), N: c.limit}, own, far)
			if c.err == "" && (err != nil || e != c.want) || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
				t.Errorf("got %+v, %v; want %+v, %q", e, err, c.want, c.err)
			}
		})
	}
	if _, err := readTables([]string{filepath.Join(t.TempDir(), "tcp")}, own, far); err == nil || errors.Is(err, errNoEndpoint) {
		t.Errorf("a table that cannot be read: %v", err)
	}
}

func TestOurs(t *testing.T) {
	for _, c := range []struct {
		endpoint
		want bool
	}{
		{endpoint{uint32(os.Geteuid()), true}, true},
		{endpoint{0, true}, true},
		{endpoint{nobody, true}, false},
		{endpoint{uint32(os.Geteuid()), false}, false},
		{endpoint{0, false}, false},
	} {
		if got := c.ours(); got != c.want {
			t.Errorf("%+v is ours: %v", c.endpoint, got)
		}
	}
}

// In the sandbox the host says who logged in.
func TestWhoLoggedIn(t *testing.T) {
	t.Setenv(loginUIDKey, strconv.Itoa(nobody))
	if !(endpoint{nobody, true}).ours() {
		t.Error("who logged in counts as a stranger")
	}
	for _, bad := range []string{"4294967295", "x", "-1"} {
		t.Setenv(loginUIDKey, bad)
		if uid, ok := loginUID(); ok {
			t.Errorf("%q is taken for user %d", bad, uid)
		}
	}
}
