package prompt

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/windows"
	"golang.org/x/term"
)

// device is the console.
type device struct {
	in, out *os.File

	mu    sync.Mutex
	lines chan line // of the one reader; nil if there is none
}

type line struct {
	text string
	err  error
}

func newDevice(in, out *os.File) *device { return &device{in: in, out: out} }

func openDevice() (*device, func(), error) {
	in, err := os.OpenFile("CONIN$", os.O_RDWR, 0)
	if err != nil {
		return nil, nil, err
	}
	out, err := os.OpenFile("CONOUT$", os.O_RDWR, 0)
	if err != nil {
		_ = in.Close()
		return nil, nil, err
	}
	restore := withMode(windows.Handle(out.Fd()), func(m uint32) uint32 { return m | windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING })
	return newDevice(in, out), func() {
		restore()
		_ = out.Close() // in may have a reader that nothing can wake
	}, nil
}

func (d *device) Write(p []byte) (int, error) { return d.out.Write(p) }

func (d *device) Size() (width, height int) {
	width, height, err := term.GetSize(int(d.out.Fd()))
	if err != nil {
		return 0, 0
	}
	return width, height
}

// ReadLine leaves its reader behind if ctx ends first, because nothing wakes a
// read of the console; the next call takes it over.
func (d *device) ReadLine(ctx context.Context, secret bool, ask func()) (string, error) {
	handle := windows.Handle(d.in.Fd())
	if !term.IsTerminal(int(handle)) {
		return "", ErrNobody
	}
	defer withMode(handle, func(m uint32) uint32 {
		m |= windows.ENABLE_LINE_INPUT | windows.ENABLE_PROCESSED_INPUT | windows.ENABLE_ECHO_INPUT
		if secret {
			m &^= windows.ENABLE_ECHO_INPUT
		}
		return m
	})()
	ask()
	select {
	case l := <-d.read():
		d.mu.Lock()
		d.lines = nil
		d.mu.Unlock()
		return l.text, l.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (d *device) read() <-chan line {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lines == nil {
		lines := make(chan line, 1)
		d.lines = lines
		go func() {
			text, err := bufio.NewReader(d.in).ReadString('\n')
			if err != nil && text == "" {
				lines <- line{err: io.EOF}
				return
			}
			lines <- line{text: strings.TrimRight(text, "\r\n")}
		}()
	}
	return d.lines
}

// withMode changes a console's mode, until restore.
func withMode(handle windows.Handle, change func(uint32) uint32) (restore func()) {
	var old uint32
	if windows.GetConsoleMode(handle, &old) != nil || windows.SetConsoleMode(handle, change(old)) != nil {
		return func() {}
	}
	return func() { _ = windows.SetConsoleMode(handle, old) }
}

// detach keeps a command off this console.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP | windows.DETACHED_PROCESS}
}
