package launch_test

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func openFiles() int {
	files, _ := os.ReadDir("/proc/self/fd")
	return len(files)
}

func alive(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z") && !strings.HasPrefix(rest, "X")
}

// waitGone waits for a process that is not our child to end.
func waitGone(t *testing.T, pid int) bool {
	t.Helper()
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return true
	}
	defer func() { _ = unix.Close(fd) }()
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(time.Minute/time.Millisecond))
		if err != unix.EINTR {
			return n == 1
		}
	}
}

// Flows in other languages write no core files either, and none writes long ones.
func TestFileLimits(t *testing.T) {
	r := newRig(t)
	got, err := r.get(limit(t), "file-limits", nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := "0-67108864"; got.GetSecret() != want {
		t.Errorf("the limits are %s, want %s", got.GetSecret(), want)
	}
}

// Not even root's flows have a privilege.
func TestNoCapabilities(t *testing.T) {
	r := newRig(t)
	got, err := r.get(limit(t), "capabilities", nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := "0-0-0"; got.GetSecret() != want {
		t.Errorf("effective, permitted and inheritable are %s, want %s", got.GetSecret(), want)
	}
}
