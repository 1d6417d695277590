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
