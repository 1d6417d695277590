//go:build unix

package main

import (
	"os"
	"os/exec"
	"syscall"
)

// controllingTerminal makes tty the controlling terminal of cmd, in a session of
// its own.
func controllingTerminal(cmd *exec.Cmd, tty *os.File) {
	cmd.ExtraFiles = append(cmd.ExtraFiles, tty)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 2 + len(cmd.ExtraFiles)}
}
