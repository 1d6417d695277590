package loopback

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// procTables hold this network namespace's TCP connections (proc_net_tcp(5)).
// One over IPv4 is in the second if its socket is of IPv6.
var procTables = []string{"/proc/self/net/tcp", "/proc/self/net/tcp6"}

// maxTable bounds how much of a table is read, in bytes: 400,000 connections,
// which the kernel lists in about a second.
const maxTable = 64 << 20

// readTables looks for the TCP endpoint at own that is connected to far in the
// named files.
func readTables(names []string, own, far netip.AddrPort) (endpoint, error) {
	for _, name := range names {
		e, err := readTable(name, own, far)
		if err != errNoEndpoint { //nolint:errorlint // it is never wrapped
			return e, err
		}
	}
	return endpoint{}, errNoEndpoint
}

func readTable(name string, own, far netip.AddrPort) (endpoint, error) {
	f, err := os.Open(name)
	if err != nil {
		return endpoint{}, fmt.Errorf("read the connections: %w", err)
	}
	defer func() { _ = f.Close() }()
	return findEndpoint(&io.LimitedReader{R: f, N: maxTable}, own, far)
}

// findEndpoint looks in a table, in either's format.
func findEndpoint(table *io.LimitedReader, own, far netip.AddrPort) (endpoint, error) {
	four, six := procAddr(own, false)+" "+procAddr(far, false), procAddr(own, true)+" "+procAddr(far, true)
	lines := bufio.NewScanner(table)
	for lines.Scan() {
		_, rest, _ := strings.Cut(lines.Text(), ": ") // after the line's number
		if !strings.HasPrefix(rest, four+" ") && !strings.HasPrefix(rest, six+" ") {
			continue
		}
		// own far state queues timer retransmits uid timeout inode …
		f := strings.Fields(rest)
		if len(f) < 9 {
			continue
		}
		uid, err := strconv.ParseUint(f[6], 10, 32)
		if err != nil {
			return endpoint{}, fmt.Errorf("read a connection's user: %w", err)
		}
		return endpoint{uid: uint32(uid), open: f[8] != "0"}, nil
	}
	if err := lines.Err(); err != nil {
		return endpoint{}, fmt.Errorf("read the connections: %w", err)
	}
	if table.N == 0 {
		return endpoint{}, errTooMany
	}
	return endpoint{}, errNoEndpoint
}

// procAddr is how the tables write an address: 32 bits at a time, in the
// machine's byte order.
func procAddr(a netip.AddrPort, six bool) string {
	raw := a.Addr().AsSlice()
	if six {
		all := a.Addr().As16() // IPv4 as ::ffff:a.b.c.d
		raw = all[:]
	}
	var b strings.Builder
	for ; len(raw) > 0; raw = raw[4:] {
		fmt.Fprintf(&b, "%08X", binary.NativeEndian.Uint32(raw))
	}
	fmt.Fprintf(&b, ":%04X", a.Port())
	return b.String()
}
