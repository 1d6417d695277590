package launch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/authlatch/authlatch/host/launch/internal/sandbox"
)

const (
	// drainTimeout is how long the pipes of a flow that has exited are still
	// read: what it wrote is there already, but a process that escaped its group
	// can hold them open for ever.
	drainTimeout = 250 * time.Millisecond
	// reapTimeout is how long a killed process is waited for. SIGKILL takes
	// effect at once unless the process hangs in the kernel, on a dead network
	// file system for one; then it is left to the system.
	reapTimeout = time.Second
)

// process is one flow process and its pipes. It is the runner that go-plugin
// drives (runner.Runner), with the difference that Start returns only after a
// valid handshake line, so that go-plugin never parses a hostile one.
type process struct {
	binary  Binary
	image   *image
	policy  func(path string) *sandbox.Policy // of what is executed; nil is no sandbox
	dir     string
	env     []string
	mtls    bool
	out     *output
	started func(pid int)
	// starting bounds Start; go-plugin gives its runner no context of ours.
	starting context.Context

	held sandbox.Held // set by run, if there is a policy
	pid  int          // set by Start
	line string       // the handshake, set by Start
	gone chan struct{}

	goneOnce sync.Once
	pipes    []*os.File // our ends, closed when gone

	mu     sync.Mutex
	cmd    *exec.Cmd
	tree   processTree
	alive  bool // pid is ours: forked and not yet reaped
	exit   error
	exited bool
	dialed bool
	conn   net.Conn
	refuse error // why dial failed
}

// Start forks the flow and waits for its handshake, until p.starting ends.
func (p *process) Start(context.Context) error {
	outR, outW, err := os.Pipe()
	if err != nil {
		return err
	}
	errR, errW, err := os.Pipe()
	if err != nil {
		_, _ = outR.Close(), outW.Close()
		return err
	}
	p.pipes = []*os.File{outR, errR}
	// What git or docker sends the host on its stdin is not for flows.
	null, err := os.Open(os.DevNull)
	if err == nil {
		defer func() { _ = null.Close() }()
	}
	path, ierr := p.image.executable(null, outW, errW)
	if err := errors.Join(err, ierr); err != nil {
		_, _ = outW.Close(), errW.Close()
		p.release()
		return err
	}
	p.cmd = &exec.Cmd{
		Path:        path,
		Args:        p.image.argv,
		Env:         p.env,
		Dir:         p.dir, // not the host's working directory, which may be anybody's
		Stdin:       null,
		Stdout:      outW,
		Stderr:      errW,
		SysProcAttr: sysProcAttr(),
	}
	forked := make(chan error)
	reading := make(chan struct{})
	first := make(chan string, 1)
	var readers sync.WaitGroup
	policy := p.policy(path)
	sandbox.OnThread(func() { p.run(policy, forked, reading, &readers) })
	err = <-forked
	_, _ = outW.Close(), errW.Close()
	p.image.close()
	if policy != nil {
		p.logSandbox() // not on the restricted thread: a log may want to open a file
	}
	if err != nil {
		p.release()
		return fmt.Errorf("could not be started: %w", err)
	}
	err = p.adopt()
	readers.Go(func() { p.readStdout(outR, first) })
	readers.Go(func() { drain(errR, p.out.writer("stderr")) })
	close(reading)
	if err != nil {
		p.kill()
		return fmt.Errorf("could not be started: %w", err)
	}
	if p.started != nil {
		p.started(p.pid)
	}
	return p.awaitHandshake(first)
}

// run forks the process and stays with it until it has been reaped. On Linux
// the process gets its death signal when this very thread ends
// (golang/go#27505), and what the process may not do this thread may not do
// either: it ends with run.
func (p *process) run(policy *sandbox.Policy, forked chan<- error, reading <-chan struct{}, readers *sync.WaitGroup) {
	var thread *sandbox.Thread
	if policy != nil {
		thread, p.held = sandbox.Enter(*policy)
		authorize(p.cmd, thread)
	}
	if err := p.cmd.Start(); err != nil {
		thread.Close()
		forked <- err
		return
	}
	forked <- nil
	<-reading

	p.reap()
	thread.Close()

	late := time.AfterFunc(drainTimeout, p.closePipes)
	readers.Wait()
	late.Stop()
	p.release()
}

// adopt notes that the process is there, on a thread that may limit it. After an
// error it is there as well, but cannot run.
func (p *process) adopt() (err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pid, p.alive = p.cmd.Process.Pid, true
	p.tree, err = newProcessTree(p.cmd.Process)
	return err
}

// awaitHandshake waits for the first line and checks it.
func (p *process) awaitHandshake(first <-chan string) error {
	select {
	case line, ok := <-first:
		if ok {
			if err := checkHandshake(line, p.dir, p.mtls); err != nil {
				return err
			}
			p.line = line
			return nil
		}
		// stdout is closed: it has died, or will soon be killed for it.
		select {
		case <-p.gone:
		case <-time.After(drainTimeout + reapTimeout):
			return errors.New("closed stdout without a handshake")
		}
	case <-p.gone:
	case <-p.starting.Done():
		return p.starting.Err()
	}
	what := "died before its handshake (" + p.exitText() + ")"
	if line := p.out.firstLine(); line != "" {
		// Before the handshake a flow knows no secret, so its words are safe.
		what += ": " + line
	}
	return errors.New(what)
}

// kill ends the process and its group, without waiting. It may be called at any
// time, from any goroutine, and more than once.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.alive {
		p.tree.kill()
		time.AfterFunc(reapTimeout, p.release)
	}
	if p.conn != nil {
		_ = p.conn.Close()
	}
}

// terminate asks the process to end, where the system has a way to ask.
func (p *process) terminate() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.alive {
		p.tree.terminate()
	}
}

// release declares the process gone: reaped, never forked, or given up.
func (p *process) release() {
	p.goneOnce.Do(func() {
		p.closePipes()
		close(p.gone)
	})
}

func (p *process) closePipes() {
	for _, f := range p.pipes {
		_ = f.Close()
	}
}

// setExit records how the process ended. p.mu is held.
func (p *process) setExit(err error) {
	p.alive, p.exited, p.exit = false, true, err
}

// exitText says how the process ended, as in "exit status 1".
func (p *process) exitText() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case !p.exited:
		return "and cannot be killed"
	case p.exit == nil:
		return "exit status 0"
	}
	return p.exit.Error()
}
