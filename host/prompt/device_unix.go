//go:build unix

package prompt

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// maxLine bounds a line, in bytes: what a terminal keeps of one (POSIX MAX_CANON
// is at least 255; Linux has 4095).
const maxLine = 4096

// pollInterval is how often a reader looks whether it is still wanted: macOS can
// wake it for a terminal by select(2) only.
const pollInterval = 100 * time.Millisecond

// device is a terminal's file.
type device struct {
	in, out *os.File
	pending []byte // typed ahead, past the line that was read
}

func newDevice(in, out *os.File) *device { return &device{in: in, out: out} }

func openDevice() (*device, func(), error) {
	// Not through os.OpenFile, which would make the terminal non-blocking for
	// every program that shares it.
	fd, err := unix.Open("/dev/tty", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, err
	}
	f := os.NewFile(uintptr(fd), "/dev/tty")
	return newDevice(f, f), func() { _ = f.Close() }, nil
}

func (d *device) Write(p []byte) (int, error) { return d.out.Write(p) }

func (d *device) Size() (width, height int) {
	width, height, err := term.GetSize(int(d.out.Fd()))
	if err != nil {
		return 0, 0
	}
	return width, height
}

func (d *device) ReadLine(ctx context.Context, secret bool, ask func()) (string, error) {
	fd := int(d.in.Fd())
	if !term.IsTerminal(fd) || inBackground(fd) {
		return "", ErrNobody
	}
	m, err := setMode(fd, secret)
	if err != nil {
		return "", ErrNobody
	}
	defer m.restore()
	ask()
	defer m.watch(ask)()
	for {
		if line, rest, ok := strings.Cut(string(d.pending), "\n"); ok {
			d.pending = []byte(rest)
			return strings.TrimSuffix(line, "\r"), nil
		}
		if len(d.pending) > maxLine {
			d.pending = nil
			return "", errors.New("the line is too long")
		}
		if err := d.fill(ctx, fd, m); err != nil {
			d.pending = nil
			return "", err
		}
	}
}

// fill waits for input and reads it.
func (d *device) fill(ctx context.Context, fd int, m *mode) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		m.keep()
		var set unix.FdSet
		set.Set(fd)
		wait := unix.NsecToTimeval(pollInterval.Nanoseconds())
		n, err := unix.Select(fd+1, &set, nil, nil, &wait)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return ErrNobody
		}
		if n > 0 {
			break
		}
	}
	buf := make([]byte, maxLine)
	n, err := unix.Read(fd, buf)
	switch {
	case errors.Is(err, unix.EINTR), errors.Is(err, unix.EAGAIN):
		return nil
	case err != nil:
		return ErrNobody
	case n == 0:
		return io.EOF
	}
	d.pending = append(d.pending, buf[:n]...)
	return nil
}

// inBackground says that another job of the shell has the terminal: to read, or
// to change it, would stop this one.
func inBackground(fd int) bool {
	group, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP)
	return err == nil && group != unix.Getpgrp()
}

// detach gives a command a session of its own, so that no signal of this
// terminal reaches it.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
