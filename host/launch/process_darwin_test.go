package launch_test

import (
	"os"
	"syscall"
	"testing"
	"time"
)

func openFiles() int {
	files, _ := os.ReadDir("/dev/fd")
	return len(files)
}

func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }

// waitGone waits for a process that is not our child to end.
func waitGone(t *testing.T, pid int) bool {
	t.Helper()
	deadline := time.After(time.Minute)
	for poll := time.Tick(10 * time.Millisecond); alive(pid); {
		select {
		case <-poll:
		case <-deadline:
			return false
		}
	}
	return true
}

// systemFakes and systemHosts are for systems with a sandbox.
var systemFakes, systemHosts map[string]func()
