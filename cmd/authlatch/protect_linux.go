package main

import "golang.org/x/sys/unix"

// protectSelf keeps other processes of the user from reading the tokens in this
// one's memory, and the system from writing them to a core file. It is best
// effort. Programs that this one starts do not inherit it.
func protectSelf() { _ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) }
