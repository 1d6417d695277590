package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// leaving is how long what has been told to end may take: a scripted browser has
// the application's last page to read.
const leaving = 5 * time.Second

// stillRunning returns the processes of a world, as "pid command": those that
// have its home, as the browsers do, and those of pids that run a program of bins,
// since a protected process shows its environment to root only. Where there is
// no /proc it returns none.
func stillRunning(home string, bins []string, pids []int) []string {
	var found []string
	for deadline := time.Now().Add(leaving); ; time.Sleep(50 * time.Millisecond) {
		found = found[:0]
		processes, _ := filepath.Glob("/proc/[0-9]*")
		for _, p := range processes {
			pid, err := strconv.Atoi(filepath.Base(p))
			if err != nil {
				continue
			}
			environ, _ := os.ReadFile(filepath.Join(p, "environ"))
			cmdline, _ := os.ReadFile(filepath.Join(p, "cmdline"))
			command, _, _ := strings.Cut(string(cmdline), "\x00")
			inherits := bytes.Contains(append([]byte{0}, environ...), []byte("\x00HOME="+home+"\x00"))
			if inherits || slices.Contains(pids, pid) && slices.Contains(bins, filepath.Dir(command)) {
				found = append(found, fmt.Sprintf("%d %s", pid, command))
			}
		}
		if len(found) == 0 || time.Now().After(deadline) {
			return found
		}
	}
}

// leftBehind returns the files and sockets below a directory that should have
// none. An empty directory is no harm: authlatch keeps one, of its own, for the
// sockets.
func leftBehind(dir string) []string {
	var found []string
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			found = append(found, path)
		}
		return nil
	})
	return found
}
