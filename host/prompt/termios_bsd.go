//go:build darwin || freebsd || netbsd || openbsd

package prompt

import "golang.org/x/sys/unix"

// setTermios waits for what is being written (TIOCSETAW): the label must not
// come after the mode.
const (
	getTermios = unix.TIOCGETA
	setTermios = unix.TIOCSETAW
)
