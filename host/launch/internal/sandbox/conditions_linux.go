//go:build linux && (amd64 || arm64)

package sandbox

import (
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// mute makes a Unix socket that can listen, and accept connections as good as
// any, but send nothing itself if it is connected. Nothing takes that back.
// Neither Landlock nor a filter can tell whom a connect is for; but no service
// does anything for who says nothing.
func mute(fd int) error { return unix.Shutdown(fd, unix.SHUT_WR) }

// portOfNames is the one that answers of name servers come from.
const portOfNames = 53

// namesOnly makes a UDP socket that receives what comes from port 53. What it
// sends, and where to, cannot be restricted.
func namesOnly(fd int) error {
	return receiveOnly(fd, []bpf.Instruction{
		bpf.LoadAbsolute{Off: 0, Size: 2}, // the UDP header's source port
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: portOfNames, SkipFalse: 1},
		bpf.RetConstant{Val: wholePacket},
		bpf.RetConstant{Val: 0},
	})
}

// Of struct nlmsghdr, read as big-endian words: the machine is little-endian.
const (
	offsetFlags = 6
	flagMulti   = uint32(unix.NLM_F_MULTI) << 8
	offsetPort  = 12
)

// oneAnswer makes a netlink socket that receives the answer about one connection,
// and never a list of them, nor what the kernel tells everybody who listens: that
// is addressed to nobody.
func oneAnswer(fd int) error {
	return receiveOnly(fd, []bpf.Instruction{
		bpf.LoadAbsolute{Off: offsetFlags, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: flagMulti, SkipTrue: 2},
		bpf.LoadAbsolute{Off: offsetPort, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: 0, SkipFalse: 1},
		bpf.RetConstant{Val: 0},
		bpf.RetConstant{Val: wholePacket},
	})
}

const wholePacket = 1<<32 - 1

// receiveOnly has the socket drop what the program does not pass, for ever.
func receiveOnly(fd int, program []bpf.Instruction) error {
	filter := assemble(program)
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &prog); err != nil {
		return err
	}
	return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_LOCK_FILTER, 1)
}
