package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// stillRunning returns those of pids that still run a program of dir, as
// "pid path". Where there is no /proc it returns none.
func stillRunning(pids []int, dir string) []string {
	var found []string
	for _, pid := range pids {
		path, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
		if err == nil && filepath.Dir(strings.TrimSuffix(path, " (deleted)")) == dir {
			found = append(found, fmt.Sprintf("%d %s", pid, path))
		}
	}
	return found
}
