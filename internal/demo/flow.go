package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
)

// flowProcess is the process of a flow: what the host's log says of it and, on
// Linux, what the system said while it lived.
type flowProcess struct {
	name string
	pid  int
	path string

	parent  int         // by the system
	program os.FileInfo // the file that it runs, by the system
	runs    string      // where that is
	// hidden is set where the system shows the program to root only, since the
	// flow protects its memory: program is then that of its command line.
	hidden bool
	err    error // why the system said nothing
}

var startedLine = regexp.MustCompile(`msg="flow started" flow=(\S+) pid=(\d+) path=(\S+)`)

// startedFlow reads a line of a host's log as it arrives, while the flow that it
// tells of lives.
func startedFlow(line string) (flowProcess, bool) {
	m := startedLine.FindStringSubmatch(line)
	if m == nil {
		return flowProcess{}, false
	}
	pid, err := strconv.Atoi(m[2])
	if err != nil {
		return flowProcess{}, false
	}
	f := flowProcess{name: m[1], pid: pid, path: strings.Trim(m[3], `"`)}
	if systemTells {
		f.err = f.askSystem()
	}
	return f, true
}

// systemTells says whether this system has a /proc to ask.
const systemTells = runtime.GOOS == "linux"

var parentLine = regexp.MustCompile(`(?m)^PPid:\s+(\d+)$`)

// askSystem asks for the parent and the program of a process that lives.
func (f *flowProcess) askSystem() error {
	proc := fmt.Sprintf("/proc/%d/", f.pid)
	status, err := os.ReadFile(proc + "status")
	if err != nil {
		return err
	}
	m := parentLine.FindSubmatch(status)
	if m == nil {
		return fmt.Errorf("%sstatus names no parent", proc)
	}
	if f.parent, err = strconv.Atoi(string(m[1])); err != nil {
		return err
	}
	f.program, err = os.Stat(proc + "exe") // of the file itself, wherever it has gone
	if !errors.Is(err, fs.ErrPermission) {
		f.runs, _ = os.Readlink(proc + "exe")
		return err
	}
	f.hidden = true
	cmdline, err := os.ReadFile(proc + "cmdline")
	if err != nil {
		return err
	}
	f.runs, _, _ = strings.Cut(string(cmdline), "\x00")
	f.program, err = os.Stat(f.runs)
	return err
}

// isolated fails unless the flow ran in a process of its own, which is the
// host's child, from the installation's binary, which is not the host's.
func (f *flowProcess) isolated(host int, flowFile, hostFile string) error {
	installed, err := os.Stat(flowFile)
	if err != nil {
		return err
	}
	hosts, err := os.Stat(hostFile)
	if err != nil {
		return err
	}
	logged, err := os.Stat(f.path)
	if err != nil {
		return err
	}
	if f.pid == host || !os.SameFile(logged, installed) || os.SameFile(installed, hosts) {
		return fmt.Errorf("the flow is not a process and a binary of its own: host %d, flow %d, %s", host, f.pid, f.path)
	}
	if !systemTells {
		return nil
	}
	if f.err != nil {
		return fmt.Errorf("look at the flow's process: %w", f.err)
	}
	if f.parent != host || !os.SameFile(f.program, installed) {
		return fmt.Errorf("process %d is not the host's (%d) child that runs %s: its parent is %d, its program %s", f.pid, host, flowFile, f.parent, f.runs)
	}
	return nil
}

// witness says who has told what isolated has checked.
func (f *flowProcess) witness() string {
	switch {
	case !systemTells:
		return "by the host's log only: this system has no /proc to ask"
	case f.hidden:
		return "by /proc: its parent and its command line (the flow protects its memory, so only root is shown what it runs)"
	}
	return "by /proc: its parent is the host, and it runs the flow's own binary"
}
