//go:build unix

package source

import (
	"os"
	"syscall"
)

// stop asks authlatch to clean up and end.
func stop(p *os.Process) error { return p.Signal(syscall.SIGTERM) }
