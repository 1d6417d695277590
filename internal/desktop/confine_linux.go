package desktop

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// confined is the first argument of a test's own program that is to be another
// one, confined.
const confined = "-confined"

// Confined is the command line that runs a program confined; the test's TestMain
// calls RunConfined. how is "new-session" (a session keyring of its own, in which
// there is nothing), "EPERM" or "ENOSYS" (the answer to every system call of the
// kernel's keyrings, as of Docker's seccomp profile and of kernels without them).
func Confined(how string) ([]string, error) {
	self, err := os.Executable()
	return []string{self, confined, how}, err
}

// RunConfined returns, unless this process is to be another program.
func RunConfined() {
	if len(os.Args) < 4 || os.Args[1] != confined {
		return
	}
	err := confine(os.Args[2])
	if err == nil {
		var path string
		if path, err = exec.LookPath(os.Args[3]); err == nil {
			err = syscall.Exec(path, os.Args[3:], os.Environ())
		}
	}
	fmt.Fprintln(os.Stderr, "confined:", err)
	os.Exit(125)
}

// confine confines this thread, which is to call exec.
func confine(how string) error {
	runtime.LockOSThread()
	switch how {
	case "new-session":
		_, _, errno := unix.Syscall(unix.SYS_KEYCTL, unix.KEYCTL_JOIN_SESSION_KEYRING, 0, 0)
		if errno != 0 {
			return errno
		}
		return nil
	case "EPERM":
		return denyKeyrings(unix.EPERM)
	case "ENOSYS":
		return denyKeyrings(unix.ENOSYS)
	}
	return fmt.Errorf("unknown: %s", how)
}

// denyKeyrings makes the calls of the kernel's keyrings fail, for this thread and
// what it runs.
func denyKeyrings(errno syscall.Errno) error {
	const number = 0 // where seccomp_data has the system call's
	filter := []unix.SockFilter{{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: number}}
	for _, call := range []uint32{unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY} {
		filter = append(filter,
			unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: call, Jf: 1},
			unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(errno)})
	}
	filter = append(filter, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW})
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	return unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0)
}
