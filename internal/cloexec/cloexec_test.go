//go:build unix

package cloexec

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// TestAll tries both ways with a descriptor that a program would pass on.
func TestAll(t *testing.T) {
	for name, mark := range map[string]func(){"all": All, "one by one": func() { walk("/dev/fd") }} {
		t.Run(name, func(t *testing.T) {
			fd, err := unix.Open(os.DevNull, unix.O_RDONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = unix.Close(fd) }()
			mark()
			flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
			if err != nil || flags&unix.FD_CLOEXEC == 0 {
				t.Errorf("flags %#x, %v", flags, err)
			}
		})
	}
}
