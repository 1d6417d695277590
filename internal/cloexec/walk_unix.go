//go:build unix

package cloexec

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// walk marks each descriptor that the directory lists.
func walk(dir string) {
	entries, _ := os.ReadDir(dir) // what was read before an error counts
	for _, e := range entries {
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
}
