package loopback

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// Of linux/sock_diag.h, linux/inet_diag.h and linux/if.h; sizes in bytes.
const (
	sockDiagByFamily = 20
	sizeHeader       = 16 // nlmsghdr
	sizeRequest      = 56 // inet_diag_req_v2
	sizeAnswer       = 72 // inet_diag_msg
	offsetSockID     = 8  // in inet_diag_req_v2; in inet_diag_msg it is 4
	loopbackIndex    = 1  // of the interface lo, in every network namespace
)

// diagTimeout: the kernel answers before send returns.
var diagTimeout = unix.Timeval{Sec: 1}

// askKernel asks for the TCP endpoint at own that is connected to far. It takes
// as long whatever the number of connections.
func askKernel(own, far netip.AddrPort) (endpoint, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return endpoint{}, fmt.Errorf("open a netlink socket: %w", err)
	}
	defer func() { _ = unix.Close(fd) }()
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &diagTimeout); err != nil {
		return endpoint{}, fmt.Errorf("bound a netlink socket: %w", err)
	}
	if err := unix.Sendto(fd, diagRequest(own, far), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return endpoint{}, fmt.Errorf("ask the kernel for a connection: %w", err)
	}
	answer := make([]byte, 4096) // an answer with all attributes has some hundred
	n, _, err := unix.Recvfrom(fd, answer, 0)
	if err != nil {
		return endpoint{}, fmt.Errorf("read the kernel's answer: %w", err)
	}
	return diagAnswer(answer[:n])
}

func diagRequest(own, far netip.AddrPort) []byte {
	b := make([]byte, sizeHeader+sizeRequest)
	h := binary.NativeEndian
	h.PutUint32(b, uint32(len(b)))
	h.PutUint16(b[4:], sockDiagByFamily)
	h.PutUint16(b[6:], unix.NLM_F_REQUEST)
	r := b[sizeHeader:]
	r[0] = unix.AF_INET
	if own.Addr().Is6() {
		r[0] = unix.AF_INET6
	}
	r[1] = unix.IPPROTO_TCP
	h.PutUint32(r[4:], 1<<32-1) // in any state
	id := r[offsetSockID:]
	binary.BigEndian.PutUint16(id, own.Port())
	binary.BigEndian.PutUint16(id[2:], far.Port())
	copy(id[4:20], own.Addr().AsSlice())
	copy(id[20:36], far.Addr().AsSlice())
	// With the interface also sockets that are bound to it are found.
	h.PutUint32(id[36:], loopbackIndex)
	h.PutUint64(id[40:], 1<<64-1) // INET_DIAG_NOCOOKIE
	return b
}

func diagAnswer(b []byte) (endpoint, error) {
	h := binary.NativeEndian
	if len(b) < sizeHeader+4 {
		return endpoint{}, errors.New("the kernel's answer is too short")
	}
	m := b[sizeHeader:]
	switch h.Uint16(b[4:]) {
	case unix.NLMSG_ERROR:
		errno := unix.Errno(-int32(h.Uint32(m)))
		return endpoint{}, fmt.Errorf("the kernel's answer: %w", errno)
	case sockDiagByFamily:
		if len(m) < sizeAnswer {
			return endpoint{}, errors.New("the kernel's answer is too short")
		}
		if m[1] == unix.BPF_TCP_LISTEN {
			return endpoint{}, errNoEndpoint // the kernel looks among listeners too
		}
		return endpoint{uid: h.Uint32(m[64:]), open: h.Uint32(m[68:]) != 0}, nil
	}
	return endpoint{}, errors.New("the kernel's answer is of another kind")
}
