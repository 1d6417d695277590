package launch_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/authlatch/authlatch/sdk"
)

// world is what a flow that tries to escape is told, so that it need not search.
type world struct {
	Home, Store, Bus, Abstract, Other string // paths, and the name of an abstract socket
	Authority, TCP, UDP               int    // ports of 127.0.0.1 that are listened on
	Free                              int    // one that nobody listens on
	Host                              int    // process
	Key                               int    // of the kernel's, with the user's permission to read it; 0 is none
}

// Outcomes, as the threat model has them.
const (
	possible = "possible"
	refused  = "refused"
	mute     = "mute"      // it is connected and cannot say anything
	noAnswer = "no answer" // it is sent, and what comes back is not received
)

func outcome(err error) string {
	if err == nil {
		return possible
	}
	return refused
}

// attempts are the rows of the threat model's table.
var attempts = map[string]func(world) string{
	"own-directory": func(world) string { return outcome(os.WriteFile("mine", []byte("x"), 0o600)) },
	"home-read":     func(w world) string { return reads(filepath.Join(w.Home, "secret")) },
	"home-list":     func(w world) string { _, err := os.ReadDir(w.Home); return outcome(err) },
	"home-look":     func(w world) string { _, err := os.Stat(filepath.Join(w.Home, "secret")); return outcome(err) },
	"home-write": func(w world) string {
		return outcome(os.WriteFile(filepath.Join(w.Home, ".profile"), []byte("evil"), 0o600))
	},
	"home-open-up":  func(w world) string { return outcome(os.Chmod(filepath.Join(w.Home, "secret"), 0o666)) },
	"open-up":       func(world) string { return opensUp() },
	"home-remove":   func(w world) string { return outcome(os.Remove(filepath.Join(w.Home, "spare"))) },
	"store-read":    func(w world) string { return reads(filepath.Join(w.Store, "entry")) },
	"write-outside": func(w world) string { return outcome(os.WriteFile("/tmp/"+strconv.Itoa(os.Getpid()), nil, 0o600)) },
	"keyring":       keyring,

	"tcp-authority": func(w world) string { return dials("tcp", w.Authority) },
	"tcp-other":     func(w world) string { return dials("tcp", w.TCP) },
	"mptcp":         func(w world) string { return connects(unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_MPTCP, w.TCP) },
	"fast-open":     fastOpen,
	"udp":           datagram,
	"ping":          func(world) string { return opens(unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_ICMP) },
	"netlink":       func(world) string { return opens(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE) },
	"interfaces":    func(world) string { return interfaces() },
	"vsock":         func(world) string { return opens(unix.AF_VSOCK, unix.SOCK_STREAM, 0) },
	"listen-fixed":  func(w world) string { return listens(w.Free) },
	"listen-any":    func(world) string { return listens(0) },

	"session-bus":     func(w world) string { return speaks(w.Bus) },
	"abstract-socket": func(w world) string { return speaks("@" + w.Abstract) },
	"other-flow":      func(w world) string { return speaks(w.Other) },
	"unix-datagram":   func(world) string { return opens(unix.AF_UNIX, unix.SOCK_DGRAM, 0) },

	"shell":       func(world) string { return outcome(exec.Command("/bin/sh", "-c", ":").Run()) },
	"exec-shell":  func(world) string { return executes("/bin/sh") },
	"exec-own":    execOwn,
	"exec-memory": func(world) string { _, err := unix.MemfdCreate("x", 0); return outcome(err) },

	"fork":         func(world) string { return outcome(fork()) },
	"death-signal": func(world) string { return outcome(unix.Prctl(unix.PR_SET_PDEATHSIG, 0, 0, 0, 0)) },
	"dumpable":     func(world) string { return outcome(unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0)) },
	"namespace":    func(world) string { return outcome(unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWUSER)) },
	"io-uring":     ioUring,

	"trace-host":     func(w world) string { return errnoOutcome(ptraceSeize(w.Host)) },
	"host-memory":    func(w world) string { return reads(fmt.Sprintf("/proc/%d/mem", w.Host)) },
	"host-environ":   func(w world) string { return reads(fmt.Sprintf("/proc/%d/environ", w.Host)) },
	"command-lines":  func(w world) string { return reads(fmt.Sprintf("/proc/%d/cmdline", w.Host)) },
	"signal-host":    func(w world) string { return outcome(unix.Kill(w.Host, unix.SIGUSR1)) },
	"limit-host":     func(w world) string { return outcome(unix.Prlimit(w.Host, unix.RLIMIT_CORE, &unix.Rlimit{}, nil)) },
	"priority-host":  func(w world) string { return outcome(unix.Setpriority(unix.PRIO_PROCESS, w.Host, 19)) },
	"priority-user":  func(world) string { return renices() },
	"message-queues": func(world) string { return sysv() },
}

// tryAll is the flow: it returns what came of each attempt as its state.
func tryAll(_ context.Context, r *sdk.Request, _ sdk.Prompter) (*sdk.Token, error) {
	var w world
	if err := json.Unmarshal([]byte(r.Options["world"]), &w); err != nil {
		return nil, err
	}
	outcomes := map[string]string{}
	for name, try := range attempts {
		outcomes[name] = try(w)
	}
	state, err := json.Marshal(outcomes)
	t := sdkToken("tried")
	t.State = state
	return t, err
}

func reads(path string) string {
	f, err := os.Open(path)
	if err == nil {
		defer func() { _ = f.Close() }()
		_, err = f.Read(make([]byte, 1))
		if errors.Is(err, unix.EIO) {
			err = nil // /proc/PID/mem: nothing is mapped at 0
		}
	}
	return outcome(err)
}

func keyring(w world) string {
	_, err := unix.KeyctlBuffer(unix.KEYCTL_READ, w.Key, make([]byte, 100), 0)
	return outcome(err)
}

func dials(network string, port int) string {
	c, err := net.DialTimeout(network, "127.0.0.1:"+strconv.Itoa(port), time.Minute)
	if err == nil {
		_ = c.Close()
	}
	return outcome(err)
}

func opens(domain, kind, protocol int) string {
	fd, err := unix.Socket(domain, kind|unix.SOCK_CLOEXEC, protocol)
	if err == nil {
		_ = unix.Close(fd)
	}
	return outcome(err)
}

func connects(domain, kind, protocol, port int) string {
	fd, err := unix.Socket(domain, kind|unix.SOCK_CLOEXEC, protocol)
	if err != nil {
		return refused
	}
	defer func() { _ = unix.Close(fd) }()
	return outcome(unix.Connect(fd, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}))
}

func fastOpen(w world) string {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return refused
	}
	defer func() { _ = unix.Close(fd) }()
	return outcome(unix.Sendto(fd, []byte("x"), unix.MSG_FASTOPEN, &unix.SockaddrInet4{Port: w.TCP, Addr: [4]byte{127, 0, 0, 1}}))
}

// datagram is answered at once, or never.
func datagram(w world) string {
	c, err := net.Dial("udp", "127.0.0.1:"+strconv.Itoa(w.UDP))
	if err != nil {
		return refused
	}
	defer func() { _ = c.Close() }()
	if _, err := c.Write([]byte("x")); err != nil {
		return refused
	}
	_ = c.SetReadDeadline(time.Now().Add(time.Second))
	if _, err := c.Read(make([]byte, 1)); err != nil {
		return noAnswer
	}
	return possible
}

func listens(port int) string {
	l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
	if err == nil {
		_ = l.Close()
	}
	return outcome(err)
}

func speaks(address string) string {
	c, err := net.Dial("unix", address)
	if err != nil {
		return refused
	}
	defer func() { _ = c.Close() }()
	if _, err := c.Write([]byte("\x00AUTH EXTERNAL\r\n")); err != nil {
		return mute
	}
	return possible
}
