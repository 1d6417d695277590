//go:build unix

package prompt

import (
	"os"
	"os/signal"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// mode is the terminal's while a line is read: with a secret one the echo is off.
// The terminal is the shell's again while the process is stopped by Ctrl-Z, and
// shells leave their own mode behind, which has the echo on (readpassphrase(3)
// does the same).
type mode struct {
	fd     int
	secret bool

	mu   sync.Mutex
	old  *unix.Termios
	over bool
}

func setMode(fd int, secret bool) (*mode, error) {
	m := &mode{fd: fd, secret: secret}
	if !secret {
		return m, nil
	}
	old, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return nil, err
	}
	m.old = old
	if err := m.hide(); err != nil {
		return nil, err
	}
	return m, nil
}

func (m *mode) hide() error {
	hidden := *m.old
	hidden.Lflag &^= unix.ECHO
	hidden.Lflag |= unix.ICANON | unix.ISIG
	hidden.Iflag |= unix.ICRNL
	return unix.IoctlSetTermios(m.fd, setTermios, &hidden)
}

// keep turns the echo off again if somebody has turned it on. A process in the
// background would be stopped for that.
func (m *mode) keep() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.secret || m.over || inBackground(m.fd) {
		return
	}
	if now, err := unix.IoctlGetTermios(m.fd, getTermios); err == nil && now.Lflag&unix.ECHO != 0 {
		_ = m.hide() // a terminal that is gone shows nothing
	}
}

// lend gives the terminal back for the time that the process is stopped.
func (m *mode) lend() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.secret && !m.over {
		_ = unix.IoctlSetTermios(m.fd, setTermios, m.old)
	}
}

func (m *mode) restore() {
	m.lend()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.over = true
}

// watch stops the process on Ctrl-Z with the terminal as it was, and calls again
// when it goes on, until stop is called.
func (m *mode) watch(again func()) (stop func()) {
	stops, goesOn := make(chan os.Signal, 1), make(chan os.Signal, 1)
	over, watched := make(chan struct{}), make(chan struct{})
	if !signal.Ignored(unix.SIGTSTP) { // a shell without job control has it so
		signal.Notify(stops, unix.SIGTSTP)
	}
	signal.Notify(goesOn, unix.SIGCONT)
	go func() {
		defer close(watched)
		for {
			select {
			case <-over:
				return
			case <-stops:
				m.lend()
				suspend(goesOn)
			case <-goesOn: // from a SIGSTOP, which nobody hears of
			}
			m.keep()
			again()
		}
	}()
	return func() {
		signal.Stop(stops)
		signal.Stop(goesOn)
		close(over)
		<-watched
	}
}

// suspend stops this process, as Ctrl-Z would have, and returns when it goes on. By
// SIGSTOP, because os/signal cannot give SIGTSTP its default back. A process of the
// session leader's own group has no shell that could let it go on, so the system
// would not stop it, and this does not.
func suspend(goesOn <-chan os.Signal) {
	if session, err := unix.Getsid(0); err != nil || session == unix.Getpgrp() {
		return
	}
	_ = unix.Kill(unix.Getpid(), unix.SIGSTOP)
	select {
	case <-goesOn:
	case <-time.After(pollInterval): // the one before filled the channel
	}
}
