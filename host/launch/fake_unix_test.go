//go:build unix

package launch_test

import (
	"os"
	"os/signal"
	"syscall"
)

func stopSelf() { _ = syscall.Kill(os.Getpid(), syscall.SIGSTOP) }

func ignoreTerm() { signal.Ignore(syscall.SIGTERM, syscall.SIGINT) }
