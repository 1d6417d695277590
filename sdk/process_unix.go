//go:build unix && !linux

package sdk

import "golang.org/x/sys/unix"

// protectSelf keeps the system from writing this process to a core file.
func protectSelf() { _ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) }
