package launch

import (
	"os"
	"syscall"
)

const transport = "unix"

// sysProcAttr gives the flow a session of its own, out of reach of the
// terminal's signals.
func sysProcAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// processTree is a process group.
type processTree struct{ leader *os.Process }

func newProcessTree(p *os.Process) (processTree, error) { return processTree{p}, nil }

func (t processTree) kill() { _ = syscall.Kill(-t.leader.Pid, syscall.SIGKILL) }

func (t processTree) terminate() { _ = syscall.Kill(-t.leader.Pid, syscall.SIGTERM) }

// reap waits for the process to end and kills what it leaves of its group.
// macOS cannot wait without reaping (golang/go#19314), so the group is killed
// right after; process numbers are not reused that fast.
func (p *process) reap() {
	err := p.cmd.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tree.kill()
	p.setExit(err)
}
