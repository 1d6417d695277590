package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// leaving is how long what has been told to end may take: a scripted browser has
// the application's last page to read.
const leaving = 5 * time.Second

// stillRunning returns the processes that have this home, as "pid path": every
// program of a world inherits it, the browsers included, and no other has it.
// Where there is no /proc it returns none.
func stillRunning(home string) []string {
	var found []string
	for deadline := time.Now().Add(leaving); ; time.Sleep(50 * time.Millisecond) {
		found = found[:0]
		environs, _ := filepath.Glob("/proc/[0-9]*/environ")
		for _, name := range environs {
			environ, err := os.ReadFile(name)
			if err != nil || !bytes.Contains(append([]byte{0}, environ...), []byte("\x00HOME="+home+"\x00")) {
				continue
			}
			exe, _ := os.Readlink(filepath.Join(filepath.Dir(name), "exe"))
			found = append(found, fmt.Sprintf("%s %s", strings.Split(name, "/")[2], exe))
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
