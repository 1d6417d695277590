package launch

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

const transport = "unix"

// sysProcAttr gives the flow a session of its own, out of reach of the
// terminal's signals, and lets the kernel kill it when the thread that forked it
// is gone.
func sysProcAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
}

// processTree is a process group.
type processTree struct{ leader *os.Process }

// maxFile is the longest file that a flow may write, in bytes. What needs files at
// all are an interpreter's caches.
const maxFile = 64 << 20

// newProcessTree also denies the process core files, which would hold tokens, and
// long files.
func newProcessTree(p *os.Process) (processTree, error) {
	_ = unix.Prlimit(p.Pid, unix.RLIMIT_CORE, &unix.Rlimit{}, nil)
	_ = unix.Prlimit(p.Pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: maxFile, Max: maxFile}, nil)
	return processTree{p}, nil
}

func (t processTree) kill() { _ = syscall.Kill(-t.leader.Pid, syscall.SIGKILL) }

func (t processTree) terminate() { _ = syscall.Kill(-t.leader.Pid, syscall.SIGTERM) }

// reap waits for the process to end and kills what it leaves of its group. That
// happens while it is a zombie: its number cannot have been given to another
// group yet.
func (p *process) reap() {
	for {
		err := unix.Waitid(unix.P_PID, p.pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tree.kill()
	p.setExit(p.cmd.Wait())
}
