//go:build linux && (amd64 || arm64)

package sandbox

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

const cookie = 0xfeedface

// verdictOn runs the program on one call, in the emulator of x/net/bpf. That
// loads big-endian words, so they are written as such.
func verdictOn(t *testing.T, vm *bpf.VM, arch, call uint32, args ...uint64) string {
	t.Helper()
	data := make([]byte, 64)
	binary.BigEndian.PutUint32(data[offsetCall:], call)
	binary.BigEndian.PutUint32(data[offsetArch:], arch)
	for i, a := range args {
		binary.BigEndian.PutUint32(data[offsetArgs+8*i:], uint32(a))
		binary.BigEndian.PutUint32(data[offsetArgs+8*i+4:], uint32(a>>32))
	}
	n, err := vm.Run(data)
	if err != nil {
		t.Fatal(err)
	}
	switch v := uint32(n); v & unix.SECCOMP_RET_ACTION_FULL {
	case unix.SECCOMP_RET_ALLOW:
		return "allow"
	case unix.SECCOMP_RET_USER_NOTIF:
		return "refer"
	case unix.SECCOMP_RET_KILL_PROCESS:
		return "kill"
	case unix.SECCOMP_RET_ERRNO:
		return unix.ErrnoName(unix.Errno(v & unix.SECCOMP_RET_DATA))
	default:
		return fmt.Sprintf("%#x", v)
	}
}

func machine(t *testing.T, broker bool) *bpf.VM {
	t.Helper()
	vm, err := bpf.NewVM(program(cookie, broker))
	if err != nil {
		t.Fatal(err)
	}
	return vm
}

func TestProgram(t *testing.T) {
	const highBits = 1 << 32 // which the kernel does not look at in an int
	vm := machine(t, true)
	for _, c := range []struct {
		name string
		call uint32
		args []uint64
		want string
	}{
		{"read", unix.SYS_READ, nil, "allow"},
		{"execve", unix.SYS_EXECVE, nil, "allow"}, // the host's; Landlock has the rest
		{"execveat", unix.SYS_EXECVEAT, nil, "EPERM"},
		{"newest", lastCall, nil, "allow"},
		{"newer", lastCall + 1, nil, "ENOSYS"},
		{"x32", 0x40000000 | unix.SYS_KEYCTL, nil, "ENOSYS"},
		{"keyctl", unix.SYS_KEYCTL, []uint64{unix.KEYCTL_READ}, "EPERM"},
		{"ptrace", unix.SYS_PTRACE, nil, "EPERM"},

		{"thread", unix.SYS_CLONE, []uint64{unix.CLONE_VM | unix.CLONE_THREAD | unix.CLONE_SIGHAND}, "allow"},
		{"thread in a namespace", unix.SYS_CLONE, []uint64{unix.CLONE_THREAD | unix.CLONE_NEWUSER}, "EPERM"},
		{"process", unix.SYS_CLONE, []uint64{uint64(unix.SIGCHLD)}, "EPERM"},
		{"vfork", unix.SYS_CLONE, []uint64{unix.CLONE_VFORK | unix.CLONE_VM | uint64(unix.SIGCHLD)}, "EPERM"},
		{"the host's process", unix.SYS_CLONE, []uint64{cookie<<32 | unix.CLONE_VFORK | unix.CLONE_VM | uint64(unix.SIGCHLD)}, "allow"},
		{"a guess", unix.SYS_CLONE, []uint64{(cookie-1)<<32 | uint64(unix.SIGCHLD)}, "kill"},
		{"clone3", unix.SYS_CLONE3, nil, "ENOSYS"},

		{"death signal as it is", unix.SYS_PRCTL, []uint64{unix.PR_SET_PDEATHSIG, uint64(unix.SIGKILL)}, "allow"},
		{"no death signal", unix.SYS_PRCTL, []uint64{unix.PR_SET_PDEATHSIG, 0}, "EPERM"},
		{"another death signal", unix.SYS_PRCTL, []uint64{highBits | unix.PR_SET_PDEATHSIG, uint64(unix.SIGCONT)}, "EPERM"},
		{"undumpable", unix.SYS_PRCTL, []uint64{unix.PR_SET_DUMPABLE, 0}, "allow"},
		{"dumpable", unix.SYS_PRCTL, []uint64{unix.PR_SET_DUMPABLE, 1}, "EPERM"},
		{"traced by whom it names", unix.SYS_PRCTL, []uint64{unix.PR_SET_PTRACER, 1}, "EPERM"},
		{"thread name", unix.SYS_PRCTL, []uint64{unix.PR_SET_NAME, 0}, "allow"},

		{"TCP", unix.SYS_SOCKET, []uint64{unix.AF_INET, unix.SOCK_STREAM | unix.SOCK_CLOEXEC | unix.SOCK_NONBLOCK, 0}, "allow"},
		{"TCP by name", unix.SYS_SOCKET, []uint64{unix.AF_INET6, unix.SOCK_STREAM, unix.IPPROTO_TCP}, "allow"},
		{"MPTCP", unix.SYS_SOCKET, []uint64{unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_MPTCP}, "EPERM"},
		{"MPTCP with high bits", unix.SYS_SOCKET, []uint64{highBits | unix.AF_INET, highBits | unix.SOCK_STREAM, highBits | unix.IPPROTO_MPTCP}, "EPERM"},
		{"SCTP", unix.SYS_SOCKET, []uint64{unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_SCTP}, "EPERM"},
		{"UDP", unix.SYS_SOCKET, []uint64{unix.AF_INET, unix.SOCK_DGRAM, 0}, "refer"},
		{"UDP-Lite", unix.SYS_SOCKET, []uint64{unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_UDPLITE}, "EPERM"},
		{"ping", unix.SYS_SOCKET, []uint64{unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_ICMP}, "EPERM"},
		{"raw", unix.SYS_SOCKET, []uint64{unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_RAW}, "EPERM"},
		{"packet", unix.SYS_SOCKET, []uint64{unix.AF_PACKET, unix.SOCK_RAW, 0}, "EAFNOSUPPORT"},
		{"vsock", unix.SYS_SOCKET, []uint64{unix.AF_VSOCK, unix.SOCK_STREAM, 0}, "EAFNOSUPPORT"},
		{"algorithms", unix.SYS_SOCKET, []uint64{unix.AF_ALG, unix.SOCK_SEQPACKET, 0}, "EAFNOSUPPORT"},
		{"Unix stream", unix.SYS_SOCKET, []uint64{unix.AF_UNIX, unix.SOCK_STREAM | unix.SOCK_CLOEXEC, 0}, "refer"},
		{"Unix stream with high bits", unix.SYS_SOCKET, []uint64{highBits | unix.AF_UNIX, unix.SOCK_STREAM, 0}, "refer"},
		{"Unix datagram", unix.SYS_SOCKET, []uint64{unix.AF_UNIX, unix.SOCK_DGRAM, 0}, "EPERM"},
		{"Unix packets", unix.SYS_SOCKET, []uint64{unix.AF_UNIX, unix.SOCK_SEQPACKET, 0}, "EPERM"},
		{"who has a connection", unix.SYS_SOCKET, []uint64{unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_SOCK_DIAG}, "refer"},
		{"routes", unix.SYS_SOCKET, []uint64{unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE}, "EPERM"},
		{"pair", unix.SYS_SOCKETPAIR, []uint64{unix.AF_UNIX, unix.SOCK_STREAM, 0}, "allow"},
		{"pair of datagrams", unix.SYS_SOCKETPAIR, []uint64{unix.AF_UNIX, unix.SOCK_DGRAM, 0}, "EPERM"},
		{"sendto", unix.SYS_SENDTO, []uint64{3, 0, 0, unix.MSG_NOSIGNAL}, "allow"},
		{"sendto, fast open", unix.SYS_SENDTO, []uint64{3, 0, 0, unix.MSG_FASTOPEN}, "ENOTSUP"},
		{"sendmsg, fast open", unix.SYS_SENDMSG, []uint64{3, 0, unix.MSG_FASTOPEN}, "ENOTSUP"},
		{"sendmmsg, fast open", unix.SYS_SENDMMSG, []uint64{3, 0, 1, unix.MSG_FASTOPEN}, "ENOTSUP"},

		{"own limits", unix.SYS_PRLIMIT64, []uint64{0, unix.RLIMIT_NOFILE}, "allow"},
		{"another's limits", unix.SYS_PRLIMIT64, []uint64{77, unix.RLIMIT_CPU}, "EPERM"},
		{"another's priority", unix.SYS_SETPRIORITY, []uint64{unix.PRIO_PROCESS, 77, 19}, "EPERM"},
		{"time of an open file", unix.SYS_UTIMENSAT, []uint64{3, 0, 0, 0}, "allow"},
		{"time of a path", unix.SYS_UTIMENSAT, []uint64{3, 7 << 40, 0, 0}, "EPERM"},
		{"typing on a terminal", unix.SYS_IOCTL, []uint64{0, highBits | unix.TIOCSTI}, "EPERM"},
		{"ioctl", unix.SYS_IOCTL, []uint64{0, unix.TIOCGWINSZ}, "allow"},
	} {
		if got := verdictOn(t, vm, auditArch, c.call, c.args...); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
	for _, call := range refused {
		if got := verdictOn(t, vm, auditArch, call); got != "EPERM" {
			t.Errorf("call %d: got %s", call, got)
		}
	}
	if got := verdictOn(t, vm, unix.AUDIT_ARCH_I386, unix.SYS_READ); got != "kill" {
		t.Errorf("another architecture's call: got %s", got)
	}
}

// Where the kernel cannot refer calls, what the broker would open is allowed.
func TestProgramWithoutBroker(t *testing.T) {
	vm := machine(t, false)
	for domain, want := range map[uint64]string{unix.AF_UNIX: "allow", unix.AF_INET: "allow", unix.AF_PACKET: "EAFNOSUPPORT"} {
		if got := verdictOn(t, vm, auditArch, unix.SYS_SOCKET, domain, unix.SOCK_STREAM, 0); got != want {
			t.Errorf("domain %d: got %s, want %s", domain, got, want)
		}
	}
}

// A rule that is shadowed by another would be no rule.
func TestRulesAreDistinct(t *testing.T) {
	all := slices.Clone(refused)
	for call := range onlyOwn {
		all = append(all, call)
	}
	all = append(all, unix.SYS_CLONE, unix.SYS_CLONE3, unix.SYS_PRCTL, unix.SYS_SOCKET, unix.SYS_SOCKETPAIR,
		unix.SYS_SENDTO, unix.SYS_SENDMSG, unix.SYS_SENDMMSG, unix.SYS_UTIMENSAT, unix.SYS_IOCTL)
	slices.Sort(all)
	for i := 1; i < len(all); i++ {
		if all[i] == all[i-1] {
			t.Errorf("call %d has two rules", all[i])
		}
	}
	if raw, err := bpf.Assemble(program(cookie, true)); err != nil || len(raw) > 4096 { // BPF_MAXINSNS
		t.Errorf("%d instructions, %v", len(raw), err)
	}
}

// What is installed is the program with the cookie of the launch.
func TestTemplates(t *testing.T) {
	for name, c := range map[string]struct{ template, want []unix.SockFilter }{
		"with a broker": {templates().brokered, assemble(program(cookie, true))},
		"without":       {templates().alone, assemble(program(cookie, false))},
	} {
		if !slices.Equal(withCookie(c.template, cookie), c.want) {
			t.Errorf("%s: another program than the one for the cookie", name)
		}
	}
}

// FuzzProgram holds the program to an end on whatever call.
func FuzzProgram(f *testing.F) {
	f.Add(uint32(unix.SYS_SOCKET), uint64(unix.AF_UNIX), uint64(unix.SOCK_STREAM), uint64(0))
	f.Add(uint32(unix.SYS_CLONE), uint64(cookie)<<32, uint64(0), uint64(0))
	f.Fuzz(func(t *testing.T, call uint32, a, b, c uint64) {
		got := verdictOn(t, machine(t, true), auditArch, call, a, b, c, a, b, c)
		if call == unix.SYS_SOCKET && got == "allow" && uint32(b)&typeMask != unix.SOCK_STREAM {
			t.Errorf("a socket of type %d is allowed", b)
		}
		if call == unix.SYS_CLONE && got == "allow" && a&unix.CLONE_THREAD == 0 && a>>32 != cookie {
			t.Errorf("flags %#x make a process", a)
		}
	})
}
