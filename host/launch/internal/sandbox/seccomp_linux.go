//go:build linux && (amd64 || arm64)

package sandbox

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// seccompAbility tries an empty filter on this thread.
func seccompAbility() (filter, broker bool) {
	fd, err := install(assemble(allow), unix.SECCOMP_FILTER_FLAG_NEW_LISTENER)
	if err == nil {
		defer func() { _ = unix.Close(fd) }()
		return true, canHandOut(fd)
	}
	// An older kernel; or somebody has a listener for us already, and a process
	// can have one.
	_, err = install(assemble(allow), 0)
	return err == nil, false
}

// filter applies the program to this thread.
func (t *Thread) filter(p Policy, withBroker bool) error {
	cookie, err := newCookie()
	if err != nil {
		return err
	}
	t.cookie = cookie
	if !withBroker {
		_, err := install(withCookie(templates().alone, cookie), 0)
		return err
	}
	fd, err := install(withCookie(templates().brokered, cookie), unix.SECCOMP_FILTER_FLAG_NEW_LISTENER)
	if err != nil {
		return err
	}
	t.broker, err = newBroker(fd, p.Datagrams)
	return err
}

// newCookie is not 0, which is what a clone without one carries.
func newCookie() (uint32, error) {
	var b [4]byte
	if _, err := rand.Read(b[:]); err != nil {
		return 0, err
	}
	return max(binary.NativeEndian.Uint32(b[:]), 1), nil
}

// CloneFlags is for syscall.SysProcAttr.Cloneflags of what this thread forks.
func (t *Thread) CloneFlags() uintptr { return uintptr(t.cookie) << 32 }

// sentinel stands for the cookie in a program that is not made for a launch yet.
const sentinel = 0xa5c3965a

// templates are made once per process: only the cookie differs between launches.
var templates = sync.OnceValue(func() (t struct{ brokered, alone []unix.SockFilter }) {
	t.brokered, t.alone = assemble(program(sentinel, true)), assemble(program(sentinel, false))
	return t
})

func withCookie(template []unix.SockFilter, cookie uint32) []unix.SockFilter {
	filter := slices.Clone(template)
	for i := range filter {
		if filter[i].K == sentinel {
			filter[i].K = cookie
		}
	}
	return filter
}

// assemble cannot fail: a test has assembled each program.
func assemble(program []bpf.Instruction) []unix.SockFilter {
	raw, err := bpf.Assemble(program)
	if err != nil {
		panic(err)
	}
	filter := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		filter[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	return filter
}

// install returns the descriptor of the listener if flags ask for one.
func install(filter []unix.SockFilter, flags uintptr) (int, error) {
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	fd, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&prog))) //nolint:gosec // x/sys has no wrapper
	runtime.KeepAlive(filter)
	if errno != 0 {
		return 0, fmt.Errorf("seccomp: %w", errno)
	}
	return int(fd), nil
}
