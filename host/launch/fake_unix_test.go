//go:build unix

package launch_test

import (
	"errors"
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

// fileLimits are those of a core file and of any file, in bytes.
func fileLimits() string {
	var core, file syscall.Rlimit
	if err := errors.Join(syscall.Getrlimit(syscall.RLIMIT_CORE, &core), syscall.Getrlimit(syscall.RLIMIT_FSIZE, &file)); err != nil {
		return "unknown"
	}
	return fmt.Sprintf("%d-%d", core.Max, file.Max)
}
