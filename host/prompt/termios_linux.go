package prompt

import "golang.org/x/sys/unix"

// setTermios waits for what is being written (TCSETSW): the label must not come
// after the mode.
const (
	getTermios = unix.TCGETS
	setTermios = unix.TCSETSW
)
