package main

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
)

// systemCalls counts what a warm call asks of the system about files and
// descriptors, with few entries and with many: it must be the same.
func (b *bench) systemCalls(ctx context.Context) error {
	const what = "system calls on files, 1 and many entries"
	strace, err := exec.LookPath("strace")
	if err != nil || runtime.GOOS != "linux" {
		b.table.without(what, "there is no strace here")
		return nil
	}
	var counts [2]int
	for i, h := range []*home{b.few, b.many} {
		n, err := fewestCalls(ctx, strace, h)
		if err != nil {
			b.table.without(what, err.Error())
			return nil
		}
		counts[i] = n
	}
	b.table.add(row{what: what, figure: fmt.Sprintf("%d and %d", counts[0], counts[1]), budget: "the same", over: counts[0] != counts[1]})
	return nil
}

// fewestCalls is the count of the least disturbed of some runs.
func fewestCalls(ctx context.Context, strace string, h *home) (int, error) {
	fewest := math.MaxInt
	for range 5 {
		n, err := countCalls(ctx, strace, h)
		if err != nil {
			return 0, err
		}
		fewest = min(fewest, n)
	}
	return fewest, nil
}

// countCalls counts what is asked about files and descriptors, without the looks
// that Go's runtime takes at its limits (in /proc and /sys, by pread64), which
// are more in a process that is held up.
func countCalls(ctx context.Context, strace string, h *home) (int, error) {
	// Once a minute a call also notes that the token was used.
	if _, err := program("kubectl-authlatch", nil, h.getToken).do(ctx); err != nil {
		return 0, err
	}
	log := filepath.Join(h.world.dir, "strace")
	get := h.getToken(ctx)
	args := append([]string{"-f", "-qq", "-y", "-o", log, "-e", "trace=%file,read,write,fstat,flock,fsync,getdents64,socket,keyctl", get.Path}, get.Args[1:]...)
	cmd := exec.CommandContext(ctx, strace, args...)
	cmd.Env, cmd.Dir = get.Env, get.Dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("strace cannot trace here: %w %s", err, bytes.TrimSpace(out))
	}
	text, err := os.ReadFile(log)
	if err != nil {
		return 0, err
	}
	n := 0
	for line := range bytes.Lines(text) {
		if !runtimesOwn.Match(line) {
			n++
		}
	}
	return n, nil
}

// runtimesOwn are also the ends of calls that another thread interrupted.
var runtimesOwn = regexp.MustCompile(`resumed>|[<"]/(proc|sys)/|anon_inode`)
