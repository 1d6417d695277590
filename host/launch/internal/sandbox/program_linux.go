//go:build linux && (amd64 || arm64)

package sandbox

import (
	"maps"
	"slices"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// Of struct seccomp_data (linux/seccomp.h): offsets in bytes. Both architectures
// are little-endian.
const (
	offsetCall = 0
	offsetArch = 4
	offsetArgs = 16
)

// code is a part of a program that ends with a verdict whatever way it goes, so
// that parts can follow each other and what is loaded in one is of no concern to
// the next.
type code []bpf.Instruction

func verdict(v uint32) code { return code{bpf.RetConstant{Val: v}} }

func fails(errno unix.Errno) code { return verdict(unix.SECCOMP_RET_ERRNO | uint32(errno)) }

var (
	allow = verdict(unix.SECCOMP_RET_ALLOW)
	kill  = verdict(unix.SECCOMP_RET_KILL_PROCESS)
	refer = verdict(unix.SECCOMP_RET_USER_NOTIF)
)

// jump goes on with then if the loaded word passes the test, else with otherwise.
func jump(test bpf.JumpTest, word uint32, then, otherwise code) code {
	return slices.Concat(code{bpf.JumpIf{Cond: test, Val: word, SkipFalse: uint8(len(then))}}, then, otherwise)
}

func load(offset uint32, rest code) code {
	return append(code{bpf.LoadAbsolute{Off: offset, Size: 4}}, rest...)
}

// low and high load a half of an argument. The kernel takes an int from the low
// half alone, so that the high one says nothing then.
func low(arg int, rest code) code  { return load(offsetArgs+8*uint32(arg), rest) }
func high(arg int, rest code) code { return load(offsetArgs+8*uint32(arg)+4, rest) }

// equals goes on with then if all 64 bits of the argument are word's.
func equals(arg int, word uint32, then, otherwise code) code {
	return high(arg, jump(bpf.JumpEqual, 0, low(arg, jump(bpf.JumpEqual, word, then, otherwise)), otherwise))
}

// oneOf goes on with then if the loaded word is one of words.
func oneOf(words []uint32, then, otherwise code) code {
	for _, w := range slices.Backward(words) {
		otherwise = jump(bpf.JumpEqual, w, then, otherwise)
	}
	return otherwise
}

// program is the filter. The kernel would run a call of another architecture's
// interface (int 0x80) whatever the numbers below say, so that ends the process.
// cookie is what a clone with the host's authority carries; see forks. Without a
// broker the sockets that it would restrict are allowed.
func program(cookie uint32, broker bool) []bpf.Instruction {
	eperm := fails(unix.EPERM)
	brokered := refer
	if !broker {
		brokered = allow
	}
	rules := map[uint32]code{
		unix.SYS_CLONE:      forks(cookie),
		unix.SYS_CLONE3:     fails(unix.ENOSYS), // its flags cannot be seen; C libraries fall back to clone
		unix.SYS_PRCTL:      low(0, process()),
		unix.SYS_SOCKET:     low(0, sockets(brokered)),
		unix.SYS_SOCKETPAIR: low(0, jump(bpf.JumpEqual, unix.AF_UNIX, socketType(jump(bpf.JumpEqual, unix.SOCK_STREAM, allow, eperm)), eperm)),
		// Fast open connects without asking Landlock.
		unix.SYS_SENDTO:   withoutFastOpen(3),
		unix.SYS_SENDMSG:  withoutFastOpen(2),
		unix.SYS_SENDMMSG: withoutFastOpen(3),
		// A path that is nil means an open file.
		unix.SYS_UTIMENSAT: equals(1, 0, allow, eperm),
		unix.SYS_IOCTL:     low(1, requests()),
	}
	for _, call := range refused {
		rules[call] = eperm
	}
	for call, arg := range onlyOwn {
		rules[call] = low(arg, jump(bpf.JumpEqual, 0, allow, eperm))
	}
	for call, kind := range onlyThis {
		rules[call] = low(0, jump(bpf.JumpEqual, kind, low(1, jump(bpf.JumpEqual, 0, allow, eperm)), eperm))
	}
	known := slices.Concat(code{bpf.JumpIf{Cond: bpf.JumpGreaterThan, Val: lastCall, SkipFalse: 1}}, fails(unix.ENOSYS),
		search(slices.Sorted(maps.Keys(rules)), rules))
	return load(offsetArch, jump(bpf.JumpNotEqual, auditArch, kill, load(offsetCall, known)))
}

// search finds the loaded call's rule by halves: the kernel tries each call on a
// new filter, and later every call of the flow passes it.
func search(calls []uint32, rules map[uint32]code) code {
	if len(calls) > 3 {
		middle := len(calls) / 2
		below, above := search(calls[:middle], rules), search(calls[middle:], rules)
		return slices.Concat(code{
			bpf.JumpIf{Cond: bpf.JumpGreaterOrEqual, Val: calls[middle], SkipFalse: 1},
			bpf.Jump{Skip: uint32(len(below))},
		}, below, above)
	}
	var found code
	for _, call := range calls {
		found = append(found, jump(bpf.JumpEqual, call, rules[call], nil)...)
	}
	return append(found, allow...)
}

// forks lets threads be made, and processes only by who knows the cookie: the
// host, whose thread is under the filter before it forks the flow. The cookie is
// in the half of the flags that the kernel ignores. A wrong one is a guess, and
// there is none but the first.
func forks(cookie uint32) code {
	thread := jump(bpf.JumpBitsSet, namespaces, fails(unix.EPERM), allow)
	process := high(0, jump(bpf.JumpEqual, 0, fails(unix.EPERM), jump(bpf.JumpEqual, cookie, allow, kill)))
	return low(0, jump(bpf.JumpBitsSet, unix.CLONE_THREAD, thread, process))
}

// requests goes on with the request of ioctl(2) loaded.
func requests() code {
	eperm := fails(unix.EPERM)
	network := jump(bpf.JumpEqual, outOfBand, allow, jump(bpf.JumpGreaterThan, lastOfNetwork, allow, eperm))
	return oneOf(refusedRequests, eperm, jump(bpf.JumpLessThan, firstOfNetwork, allow, network))
}

// process: what the host has asked of the kernel about the flow stays so.
func process() code {
	eperm := fails(unix.EPERM)
	return oneOf([]uint32{unix.PR_SET_PDEATHSIG}, equals(1, uint32(unix.SIGKILL), allow, eperm),
		oneOf([]uint32{unix.PR_SET_DUMPABLE}, equals(1, 0, allow, eperm),
			oneOf([]uint32{unix.PR_SET_PTRACER, unix.PR_SET_CHILD_SUBREAPER}, eperm, allow)))
}

// sockets: TCP but not MPTCP, which Landlock does not see; UDP, Unix streams and
// the kernel's question who has a connection, with conditions that the broker
// makes; nothing else.
func sockets(brokered code) code {
	no, eperm := fails(unix.EAFNOSUPPORT), fails(unix.EPERM)
	protocol := func(then code, numbers ...uint32) code { return low(2, oneOf(numbers, then, eperm)) }
	inet := socketType(jump(bpf.JumpEqual, unix.SOCK_STREAM, protocol(allow, 0, unix.IPPROTO_TCP),
		jump(bpf.JumpEqual, unix.SOCK_DGRAM, protocol(brokered, 0, unix.IPPROTO_UDP), eperm)))
	local := socketType(jump(bpf.JumpEqual, unix.SOCK_STREAM, protocol(brokered, 0), eperm))
	return oneOf([]uint32{unix.AF_INET, unix.AF_INET6}, inet,
		jump(bpf.JumpEqual, unix.AF_UNIX, local,
			jump(bpf.JumpEqual, unix.AF_NETLINK, protocol(brokered, unix.NETLINK_SOCK_DIAG), no)))
}

// typeMask is the kernel's SOCK_TYPE_MASK: above it are flags.
const typeMask = 0xf

// socketType goes on with the socket's type, the second argument, loaded.
func socketType(rest code) code {
	return low(1, append(code{bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: typeMask}}, rest...))
}

func withoutFastOpen(flags int) code {
	return low(flags, jump(bpf.JumpBitsSet, unix.MSG_FASTOPEN, fails(unix.EOPNOTSUPP), allow))
}
