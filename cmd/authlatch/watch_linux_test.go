package main_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// watcher reads the arguments and the environment of every process that runs one
// of the programs, again and again. A flow that asks a slow provider lives long
// enough to be seen; which were seen is checked in the end.
type watcher struct {
	bin, dir string

	mu   sync.Mutex
	seen map[string]bool
	text strings.Builder
}

func startWatcher(ts *testscript.TestScript, bin, dir string) *watcher {
	w := &watcher{bin: bin, dir: dir, seen: map[string]bool{}}
	stop := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
				w.look()
			}
		}
	})
	ts.Defer(func() { close(stop); watching.Wait() })
	return w
}

func (w *watcher) look() {
	processes, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range processes {
		cmdline, err := os.ReadFile(filepath.Join(p, "cmdline"))
		if err != nil {
			continue
		}
		// Not the link exe: only root may follow that of a protected process.
		argv0, _, _ := strings.Cut(string(cmdline), "\x00")
		program := filepath.Base(argv0)
		if _, err := os.Stat(filepath.Join(w.bin, program)); err != nil || program == "entra-emulator" {
			continue // the person's browser may know the password
		}
		environ, _ := os.ReadFile(filepath.Join(p, "environ")) // what cannot be read cannot leak
		if strings.Contains(string(environ), "AUTHLATCH_CONFIG=") && !strings.Contains(string(environ), w.dir) {
			continue // another script's
		}
		key := string(cmdline) + string(environ)
		w.mu.Lock()
		if !w.seen[key] {
			w.seen[key], w.seen[program] = true, true
			w.text.WriteString(key)
		}
		w.mu.Unlock()
	}
}

// runSecretFree is "secret-free PROGRAM... -- DIRECTORY...": the programs were
// seen running, and no secret was in their arguments or environment or is in a
// file of the directories.
func runSecretFree(ts *testscript.TestScript, _ bool, args []string) {
	w := worldOf(ts)
	programs, dirs := args, []string(nil)
	for i, a := range args {
		if a == "--" {
			programs, dirs = args[:i], args[i+1:]
			break
		}
	}
	for _, name := range []string{"password", "code", "code_verifier", "refresh_token", "device_code", "access_token", "id_token"} {
		if w.recorder.counted(name) == 0 {
			ts.Fatalf("no %s has passed: nothing is proved", name)
		}
	}
	w.watcher.mu.Lock()
	defer w.watcher.mu.Unlock()
	for _, p := range programs {
		if !w.watcher.seen[p] {
			ts.Fatalf("%s was never seen running: nothing is proved", p)
		}
	}
	if found := w.recorder.found(w.watcher.text.String(), true); found != "" {
		ts.Fatalf("a %s was in the arguments or environment of a process", found)
	}
	files := 0
	for _, dir := range dirs {
		ts.Check(filepath.WalkDir(ts.MkAbs(dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			files++
			text, err := os.ReadFile(path)
			if found := w.recorder.found(string(text), true); found != "" {
				ts.Fatalf("a %s is in %s", found, path)
			}
			return err
		}))
	}
	if files < 5 {
		ts.Fatalf("only %d files were looked at: nothing is proved", files)
	}
}

// record puts a recorder before the emulator, whose own address remains: that is
// where its federation server is.
func (w *world) record(ts *testscript.TestScript) {
	w.recorder = startRecorder(ts, w.server)
	w.url, w.ca = w.recorder.url, slices.Concat(w.recorder.ca, w.ca)
}

func (w *world) watch(ts *testscript.TestScript) {
	w.watcher = startWatcher(ts, ts.Getenv("BIN"), w.dir)
}

// recorded says which secret that has passed is in an output.
func (w *world) recorded(stdout, stderr string) string {
	if w.recorder == nil {
		return ""
	}
	if found := w.recorder.found(stderr, true); found != "" {
		return found
	}
	return w.recorder.found(stdout, false)
}
