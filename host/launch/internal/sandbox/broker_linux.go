//go:build linux && (amd64 || arm64)

package sandbox

import (
	"errors"
	"os"
	"runtime"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// broker opens sockets for the processes under a filter that refers them here,
// with conditions that they cannot take off. It looks at numbers only, which are
// a copy: nothing can change between the look and the deed.
type broker struct {
	listener  *os.File
	datagrams bool
	served    sync.WaitGroup
}

// Of linux/seccomp.h.
type (
	notification struct {
		ID         uint64
		PID, Flags uint32
		Call       int32
		Arch       uint32
		IP         uint64
		Args       [6]uint64
	}
	response struct {
		ID    uint64
		Value int64
		Errno int32
		Flags uint32
	}
	addFD struct {
		ID                         uint64
		Flags, Source, FD, FDFlags uint32
	}
)

const ioctlAddFD = 0x40182103 // SECCOMP_IOCTL_NOTIF_ADDFD

// canHandOut reports whether the kernel can pass a socket and end the call in one
// step (Linux 5.14): it looks at the flags before it looks for the call.
func canHandOut(listener int) bool {
	var sizes struct{ Notification, Response, Data uint16 }
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_GET_NOTIF_SIZES, 0, uintptr(unsafe.Pointer(&sizes))) //nolint:gosec // x/sys has no wrapper
	if errno != 0 || uintptr(sizes.Notification) != unsafe.Sizeof(notification{}) || uintptr(sizes.Response) != unsafe.Sizeof(response{}) {
		return false
	}
	return ioctl(listener, ioctlAddFD, &addFD{Flags: unix.SECCOMP_ADDFD_FLAG_SEND}) == unix.ENOENT
}

func ioctl[T any](fd int, request uintptr, arg *T) unix.Errno {
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(unsafe.Pointer(arg))) //nolint:gosec // x/sys has no wrapper
	return errno
}

// newBroker serves until it is closed, or nobody is left under the filter.
func newBroker(listener int, datagrams bool) (*broker, error) {
	if err := unix.SetNonblock(listener, true); err != nil {
		_ = unix.Close(listener)
		return nil, err
	}
	b := &broker{listener: os.NewFile(uintptr(listener), "seccomp"), datagrams: datagrams}
	conn, err := b.listener.SyscallConn()
	if err != nil {
		_ = b.listener.Close()
		return nil, err
	}
	b.served.Go(func() {
		for {
			over := false
			err := conn.Read(func(fd uintptr) bool {
				var ready bool
				ready, over = waiting(int(fd))
				if ready {
					b.serve(int(fd))
				}
				return ready || over
			})
			if err != nil || over {
				return
			}
		}
	})
	return b, nil
}

func (b *broker) close() {
	_ = b.listener.Close()
	b.served.Wait()
}

func waiting(listener int) (ready, over bool) {
	fds := []unix.PollFd{{Fd: int32(listener), Events: unix.POLLIN}}
	for {
		_, err := unix.Poll(fds, 0)
		if !errors.Is(err, unix.EINTR) {
			return err == nil && fds[0].Revents&unix.POLLIN != 0,
				err != nil || fds[0].Revents&(unix.POLLHUP|unix.POLLERR) != 0
		}
	}
}

// serve answers one call; nothing is left to do for one that has ended.
func (b *broker) serve(listener int) {
	var n notification
	if ioctl(listener, unix.SECCOMP_IOCTL_NOTIF_RECV, &n) != 0 {
		return
	}
	domain, kind, protocol := int(uint32(n.Args[0])), int(uint32(n.Args[1])), int(uint32(n.Args[2]))
	fd, err := b.open(domain, kind, protocol)
	if err != nil {
		errno := unix.EPERM
		errors.As(err, &errno)
		_ = ioctl(listener, unix.SECCOMP_IOCTL_NOTIF_SEND, &response{ID: n.ID, Errno: -int32(errno)})
		return
	}
	defer func() { _ = unix.Close(fd) }()
	give := addFD{ID: n.ID, Flags: unix.SECCOMP_ADDFD_FLAG_SEND, Source: uint32(fd), FDFlags: uint32(kind & unix.SOCK_CLOEXEC)}
	if errno := undisturbed(func() unix.Errno { return ioctl(listener, ioctlAddFD, &give) }); errno != 0 {
		_ = ioctl(listener, unix.SECCOMP_IOCTL_NOTIF_SEND, &response{ID: n.ID, Errno: -int32(errno)})
	}
}

// undisturbed makes a call that no signal interrupts. The kernel takes a hand-over
// that was interrupted for answered, and the caller gets descriptor 0 for its
// socket (Linux 5.14 to 6.18); the Go runtime sends its threads signals at any time.
func undisturbed(call func() unix.Errno) unix.Errno {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var all, before unix.Sigset_t
	for i := range all.Val {
		all.Val[i] = ^all.Val[i]
	}
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, &all, &before); err != nil {
		return unix.EAGAIN
	}
	defer func() { _ = unix.PthreadSigmask(unix.SIG_SETMASK, &before, nil) }()
	return call()
}

// open makes one of the sockets that the filter refers, and no other.
func (b *broker) open(domain, kind, protocol int) (fd int, err error) {
	var condition func(int) error
	switch {
	case domain == unix.AF_UNIX:
		condition = mute
	case domain == unix.AF_NETLINK && protocol == unix.NETLINK_SOCK_DIAG:
		condition = oneAnswer
	case (domain == unix.AF_INET || domain == unix.AF_INET6) && kind&typeMask == unix.SOCK_DGRAM:
		condition = namesOnly
		if b.datagrams {
			condition = func(int) error { return nil }
		}
	default:
		return 0, unix.EPERM
	}
	fd, err = unix.Socket(domain, kind|unix.SOCK_CLOEXEC, protocol)
	if err != nil {
		return 0, err
	}
	if err := condition(fd); err != nil {
		_ = unix.Close(fd)
		return 0, err
	}
	return fd, nil
}
