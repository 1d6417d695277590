//go:build unix

package store_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/authlatch/authlatch/host/store"
)

// Eight processes enter again and again, and never two at once. No lock file is
// ever replaced, which is how they could miss each other.
func TestNoTwoInTheCriticalSection(t *testing.T) {
	const processes = 8
	dir := t.TempDir()
	unlock, err := open(dir, func(w string) { t.Error(w) }).Lock(t.Context(), criticalLock)
	if err != nil {
		t.Fatal(err)
	}
	unlock()
	before := lockFiles(t, dir)
	counter := filepath.Join(dir, "counter")
	if err := os.WriteFile(counter, make([]byte, 16), 0o600); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	var all sync.WaitGroup
	for range processes {
		cmd := child(t.Context(), "sections", dir)
		all.Go(func() {
			if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%v: %.500s", err, out)
			}
		})
	}
	all.Wait()
	b, err := os.ReadFile(counter)
	if err != nil {
		t.Fatal(err)
	}
	n := binary.LittleEndian.Uint64(b)
	t.Logf("%d sections of %d processes, in %v", n, processes, time.Since(began))
	if n != uint64(processes*sections()) {
		t.Errorf("not %d", processes*sections())
	}
	if after := lockFiles(t, dir); !maps.Equal(before, after) {
		t.Errorf("lock files: before %v, after %v", before, after)
	}
}

// lockFiles are the lock files with their inodes.
func lockFiles(t *testing.T, dir string) map[string]uint64 {
	t.Helper()
	files := map[string]uint64{}
	err := filepath.WalkDir(filepath.Join(dir, "store", "locks"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			files[path] = info.Sys().(*syscall.Stat_t).Ino
		}
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("%d lock files: %v", len(files), err)
	}
	return files
}

// holder is a process that has the lock.
func holder(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	cmd := child(t.Context(), "hold", dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close() })
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "held\n" {
		t.Fatalf("%q, %v", line, err)
	}
	return cmd
}

// A holder that is stopped is named to those who wait, who can give up; one that
// is killed holds nothing any more.
func TestAHolderThatIsStoppedOrKilled(t *testing.T) {
	dir := t.TempDir()
	cmd := holder(t, dir)
	if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	told := make(chan store.Held, 1)
	waiter := store.Open(store.Options{
		Dir: filepath.Join(dir, "store"), Keys: keysIn(dir), Explicit: true, Warn: func(w string) { t.Error(w) },
		Waiting: func(h store.Held) { told <- h },
	})
	ctx, giveUp := context.WithCancel(t.Context())
	result := make(chan error, 1)
	wait := func(ctx context.Context) {
		unlock, err := waiter.Lock(ctx, criticalLock)
		if err == nil {
			unlock()
		}
		result <- err
	}
	go wait(ctx)
	if h := <-told; h.PID != cmd.Process.Pid || h.Command != filepath.Base(os.Args[0]) || h.Lock != criticalLock {
		t.Errorf("told of %+v, not of %d", h, cmd.Process.Pid)
	}
	giveUp()
	var locked *store.LockedError
	if err := <-result; !errors.As(err, &locked) || locked.Held.PID != cmd.Process.Pid || !errors.Is(err, context.Canceled) {
		t.Errorf("gave up with %v", err)
	}
	if held := waiter.Locks(); len(held) != 1 || held[0].PID != cmd.Process.Pid {
		t.Errorf("held: %+v", held)
	}

	go wait(t.Context())
	<-told // it waits
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := <-result; err != nil {
		t.Error(err)
	}
	t.Logf("the next entered %v after the holder, process %s, was killed", time.Since(began), strconv.Itoa(cmd.Process.Pid))
	_ = cmd.Wait() // it was killed
	if held := waiter.Locks(); len(held) != 0 {
		t.Errorf("held: %+v", held)
	}
}
