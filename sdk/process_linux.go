package sdk

import "golang.org/x/sys/unix"

// protectSelf keeps other processes of the user from reading this one's memory,
// and the system from writing it to a core file. It is best effort: a system
// that refuses leaves the flow as safe as any process.
func protectSelf() {
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
}
