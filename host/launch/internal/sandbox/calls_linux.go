//go:build linux && (amd64 || arm64)

package sandbox

import (
	"slices"

	"golang.org/x/sys/unix"
)

// lastCall is the newest system call that the rules below were written with;
// newer ones are absent for a flow (ENOSYS), which every program can deal with.
// The x32 interface's numbers are beyond it too.
const lastCall = unix.SYS_RSEQ_SLICE_YIELD

// refused are the calls that no flow has a use for. Grouped by what they would
// give it.
var refused = slices.Concat([]uint32{
	// The user's keyrings, where the store's key may be.
	unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY,
	// Other processes' memory and files.
	unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PIDFD_GETFD,
	unix.SYS_KCMP, unix.SYS_PROCESS_MADVISE, unix.SYS_MIGRATE_PAGES, unix.SYS_MOVE_PAGES,
	unix.SYS_SHMGET, unix.SYS_SHMAT, unix.SYS_SHMCTL, unix.SYS_SEMGET, unix.SYS_SEMCTL, unix.SYS_MSGGET, unix.SYS_MSGCTL,
	unix.SYS_MSGSND, unix.SYS_MSGRCV, unix.SYS_SEMOP, unix.SYS_SEMTIMEDOP,
	unix.SYS_MQ_OPEN, unix.SYS_MQ_UNLINK,
	// Executing what has no name in the file system, which Landlock allows.
	unix.SYS_EXECVEAT, unix.SYS_MEMFD_CREATE,
	// Calls that this filter would not see, and much of the kernel besides.
	unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER,
	unix.SYS_USERFAULTFD, unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN,
	// Other namespaces and mounts.
	unix.SYS_UNSHARE, unix.SYS_SETNS, unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT,
	unix.SYS_OPEN_TREE, unix.SYS_OPEN_TREE_ATTR, unix.SYS_MOVE_MOUNT, unix.SYS_FSOPEN, unix.SYS_FSCONFIG,
	unix.SYS_FSMOUNT, unix.SYS_FSPICK, unix.SYS_MOUNT_SETATTR,
	unix.SYS_NAME_TO_HANDLE_AT, unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_FANOTIFY_INIT, unix.SYS_INOTIFY_ADD_WATCH,
	// What Landlock lets be changed of files that may not be opened, or only be read.
	unix.SYS_FCHMODAT, unix.SYS_FCHMODAT2, unix.SYS_FCHOWNAT, unix.SYS_FCHMOD, unix.SYS_FCHOWN,
	unix.SYS_SETXATTR, unix.SYS_LSETXATTR, unix.SYS_FSETXATTR, unix.SYS_SETXATTRAT,
	unix.SYS_REMOVEXATTR, unix.SYS_LREMOVEXATTR, unix.SYS_FREMOVEXATTR, unix.SYS_REMOVEXATTRAT, unix.SYS_FILE_SETATTR,
	// Another identity; it would also clear the death signal.
	unix.SYS_SETUID, unix.SYS_SETGID, unix.SYS_SETREUID, unix.SYS_SETREGID, unix.SYS_SETRESUID, unix.SYS_SETRESGID,
	unix.SYS_SETFSUID, unix.SYS_SETFSGID, unix.SYS_SETGROUPS, unix.SYS_CAPSET,
	// The machine, for a host that root runs.
	unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE,
	unix.SYS_KEXEC_LOAD, unix.SYS_REBOOT, unix.SYS_SWAPON, unix.SYS_SWAPOFF, unix.SYS_ACCT, unix.SYS_SYSLOG,
	unix.SYS_QUOTACTL, unix.SYS_QUOTACTL_FD, unix.SYS_SETTIMEOFDAY, unix.SYS_CLOCK_SETTIME, unix.SYS_CLOCK_ADJTIME,
	unix.SYS_ADJTIMEX, unix.SYS_SETHOSTNAME, unix.SYS_SETDOMAINNAME, unix.SYS_VHANGUP,
}, refusedHere)

// onlyOwn are the calls that take a process id, in the argument with that index:
// a flow may use them for itself, which is 0.
var onlyOwn = map[uint32]int{
	unix.SYS_PRLIMIT64:          0,
	unix.SYS_SCHED_SETAFFINITY:  0,
	unix.SYS_SCHED_SETSCHEDULER: 0,
	unix.SYS_SCHED_SETPARAM:     0,
	unix.SYS_SCHED_SETATTR:      0,
}

// onlyThis are those that take a kind of whom they are for before the id: a flow
// may use them for itself, which is 0 of this kind. 0 of others is all of the
// user's or the group's processes.
var onlyThis = map[uint32]uint32{
	unix.SYS_SETPRIORITY: unix.PRIO_PROCESS,
	unix.SYS_IOPRIO_SET:  1, // IOPRIO_WHO_PROCESS of linux/ioprio.h
}

// Requests of ioctl(2) that are refused: input for the terminal, and flags of a file
// that may only be read.
var refusedRequests = []uint32{
	unix.TIOCSTI, unix.TIOCLINUX,
	unix.FS_IOC_SETFLAGS, 0x40046602, 0x401c5820, // FS_IOC32_SETFLAGS, FS_IOC_FSSETXATTR of linux/fs.h
}

// The requests about interfaces, routes and wireless networks (linux/sockios.h,
// linux/wireless.h), which any socket takes. Of those between them programs use one.
const (
	firstOfNetwork = 0x8900
	lastOfNetwork  = 0x8bff
	outOfBand      = 0x8905 // SIOCATMARK
)

// namespaces are the flags of clone(2) that make one.
const namespaces = unix.CLONE_NEWNS | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWUSER |
	unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWCGROUP
