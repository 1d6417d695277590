package main_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// However and whenever authlatch ends, no flow outlives it, and the next start
// finds what it left and removes it. AUTHLATCH_DEATHS_FULL=1 is for five hundred
// deaths instead of a few, on a machine that does nothing else.
func TestHostDeaths(t *testing.T) {
	deaths, grace := 48, patience
	if os.Getenv("AUTHLATCH_DEATHS_FULL") != "" {
		deaths, grace = 500, 3*time.Second
	}
	i := newInstallation(t)
	const workers = 4
	var started atomic.Int64
	var all sync.WaitGroup
	for w := range workers {
		i := i.again(t)
		all.Go(func() {
			for n := w; n < deaths; n += workers {
				d := death{ways[n%len(ways)], mortals[n/len(ways)%len(mortals)]}
				if d.die(t, i, grace) {
					started.Add(1)
				}
			}
		})
	}
	all.Wait()
	t.Logf("%d deaths, in %d of which a flow was running", deaths, started.Load())
	if int(started.Load()) < deaths/4 {
		t.Error("too few of them were in a launch")
	}
}

// death is how a host ends, and what its flow does meanwhile.
type death struct{ way, flow string }

var (
	ways    = []string{"kill", "term", "int", "shell killed", "terminal closed"}
	mortals = []string{"waits", "waits", "stops-in-stream", "waits", "ignores-shutdown", "waits", "never-handshakes"}
)

// maxLife is longer than a launch takes, so that a death falls before, into or
// after it.
const maxLife = 400 * time.Millisecond

// die reports whether a flow was running.
func (d death) die(t *testing.T, i *installation, grace time.Duration) bool {
	u := i.with(t, d.flow, "", "plain")
	master, slave, err := pty.Open()
	if err != nil {
		t.Error(err)
		return false
	}
	master, err = pollable(master)
	if err != nil {
		t.Error(err)
		return false
	}
	argv := []string{u.program, "login", "--scope", "a", "--log-level", "debug"}
	if strings.HasPrefix(d.way, "shell") || strings.HasPrefix(d.way, "terminal") {
		argv = append([]string{"/bin/sh", "-c", `"$@"; exit`, "sh"}, argv...)
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	log, err := os.Create(filepath.Join(u.temp, "log"))
	if err != nil {
		t.Error(err)
		return false
	}
	cmd.Env, cmd.Dir = u.env, u.temp
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Error(err)
		return false
	}
	_, _ = slave.Close(), log.Close()
	var reading sync.WaitGroup
	reading.Go(func() { _, _ = io.Copy(io.Discard, master) })
	<-time.After(rand.N(maxLife)) // the random moment

	switch d.way {
	case "term":
		err = cmd.Process.Signal(syscall.SIGTERM)
	case "int":
		err = cmd.Process.Signal(os.Interrupt)
	case "terminal closed":
		_ = master.SetReadDeadline(time.Now())
		reading.Wait()
		err = master.Close()
	default:
		err = cmd.Process.Kill()
	}
	if err != nil && !strings.Contains(err.Error(), "finished") {
		t.Errorf("%v: %v", d, err)
	}
	_ = cmd.Wait()
	_ = master.SetReadDeadline(time.Now())
	reading.Wait()
	_ = master.Close()

	// Whose shell is gone has got a signal, and ends its flow like the others.
	if left := await(patience, func() []string { return processes(u.program) }); left != nil {
		t.Errorf("%v: the host is still there: %q", d, left)
	}
	if left := await(grace, func() []string { return processes(i.dir) }); left != nil {
		t.Errorf("%v: flows are still there: %q", d, left)
	}
	said, _ := os.ReadFile(log.Name())
	if code, _, stderr := u.run(t, "login", "--flow", "plain", "--scope", "a"); code != 0 {
		t.Errorf("%v: the next start: exit code %d, %s", d, code, stderr)
	}
	if left, _ := filepath.Glob(filepath.Join(u.temp, "authlatch-*", "*")); len(left) > 0 {
		t.Errorf("%v: after the next start %q are left", d, left)
	}
	return bytes.Contains(said, []byte("flow started"))
}

// pollable is the file with deadlines, which pty.Open's has not.
func pollable(f *os.File) (*os.File, error) {
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	_ = f.Close()
	if err := unix.SetNonblock(fd, true); err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}

// await returns nil as soon as list does, and what it lists if that is not in
// time.
func await(d time.Duration, list func() []string) []string {
	late := time.After(d)
	for poll := time.Tick(5 * time.Millisecond); ; {
		left := list()
		if left == nil {
			return nil
		}
		select {
		case <-poll:
		case <-late:
			return left
		}
	}
}

// processes lists those whose command line begins with path, which is all that is
// told of a flow.
func processes(path string) []string {
	var found []string
	all, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range all {
		if line, _ := os.ReadFile(file); bytes.HasPrefix(line, []byte(path)) {
			found = append(found, fmt.Sprintf("%s %q", file, line))
		}
	}
	return found
}
