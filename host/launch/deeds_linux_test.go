package launch_test

import (
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// confined reports whether this flow is in the sandbox: outside it what would end
// the flow or stop the host is not tried.
func confined() bool {
	_, err := os.ReadFile("/proc/self/status")
	return err != nil
}

// executes tries without a fork. Where it works this process is no flow any more.
func executes(path string) string {
	if !confined() {
		return possible
	}
	return outcome(unix.Exec(path, []string{path}, nil))
}

func execOwn(world) string {
	if err := os.WriteFile("own", []byte("#!/bin/sh\n"), 0o700); err != nil {
		return err.Error()
	}
	return executes("own")
}

// fork makes a process that leaves at once.
//
//go:norace
func fork() error {
	pid, _, errno := syscall.RawSyscall(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0)
	switch {
	case errno != 0:
		return errno
	case pid == 0:
		syscall.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
	}
	_, err := unix.Wait4(int(pid), nil, 0, nil)
	return err
}

func errnoOutcome(errno unix.Errno) string {
	if errno == 0 {
		return possible
	}
	return refused
}

func ptraceSeize(pid int) unix.Errno {
	if !confined() {
		return 0
	}
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_SEIZE, uintptr(pid), 0, 0, 0, 0)
	return errno
}

func ioUring(world) string {
	var params [120]byte
	fd, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, 1, uintptr(unsafe.Pointer(&params)), 0)
	if errno == 0 {
		_ = unix.Close(int(fd))
	}
	return errnoOutcome(errno)
}

func sysv() string {
	id, _, errno := unix.Syscall(unix.SYS_MSGGET, unix.IPC_PRIVATE, 0o600, 0)
	if errno == 0 {
		_, _, _ = unix.Syscall(unix.SYS_MSGCTL, id, unix.IPC_RMID, 0)
	}
	return errnoOutcome(errno)
}

// renices asks for less time for every process of the user.
func renices() string {
	if !confined() {
		return possible
	}
	return outcome(unix.Setpriority(unix.PRIO_USER, 0, 19))
}

// opensUp gives others access to a file that is only open for reading.
func opensUp() string {
	if err := os.WriteFile("closed", nil, 0o600); err != nil {
		return err.Error()
	}
	f, err := os.Open("closed")
	if err != nil {
		return err.Error()
	}
	defer func() { _ = f.Close() }()
	all := []error{unix.Fchmod(int(f.Fd()), 0o666), unix.Fsetxattr(int(f.Fd()), "user.x", nil, 0), unix.IoctlSetPointerInt(int(f.Fd()), unix.FS_IOC_SETFLAGS, 0)}
	for _, err := range all {
		if err == nil {
			return possible
		}
	}
	return refused
}

// interfaces asks a TCP socket for the first interface's name.
func interfaces() string {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = unix.Close(fd) }()
	request := struct {
		name  [unix.IFNAMSIZ]byte
		index int32
		rest  [20]byte
	}{index: 1}
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCGIFNAME, uintptr(unsafe.Pointer(&request)))
	return errnoOutcome(errno)
}
