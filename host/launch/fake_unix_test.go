//go:build unix

package launch_test

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// stopSelf does not return: the signal may reach this thread last.
func stopSelf() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	forever()
}

func ignoreTerm() { signal.Ignore(syscall.SIGTERM, syscall.SIGINT) }

func newSession() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

func coreLimit() string {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_CORE, &limit); err != nil {
		return "unknown"
	}
	return fmt.Sprint(limit.Max)
}
