package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/authlatch/authlatch/host/store"
)

// workerDir names the variable that makes this program one of those who want a
// store's lock.
const workerDir = "AUTHLATCH_BENCH_WORKER"

// contention is how long they want it.
const contention = 3 * time.Second

// locks lets many processes want one lock all the time.
func (b *bench) locks(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for _, n := range []int{1, 10, 100} {
		dir := filepath.Join(b.world.dir, fmt.Sprintf("locks-%d", n))
		sections, firsts, err := crowd(ctx, self, dir, n)
		if err != nil {
			return err
		}
		first := spreadOf(firsts)
		b.table.add(row{
			what:   fmt.Sprintf("one lock, %d processes", n),
			figure: fmt.Sprintf("%.0f sections/s", float64(sections)/contention.Seconds()),
			ratio:  "first entry " + short(time.Duration(first.median)) + ", the last one's " + short(time.Duration(firsts[len(firsts)-1])),
		})
	}
	return nil
}

// crowd starts n workers, lets them loose at once and adds up what they did.
// firsts has how long each one waited for its first turn; -1 is in nobody's.
func crowd(ctx context.Context, self, dir string, n int) (sections int, firsts []float64, err error) {
	gate, open, err := os.Pipe()
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = open.Close() }()
	type worker struct {
		cmd *exec.Cmd
		out *bufio.Reader
	}
	var workers []worker
	defer func() {
		for _, w := range workers {
			err = errors.Join(err, w.cmd.Wait())
		}
	}()
	for range n {
		cmd := exec.CommandContext(ctx, self)
		cmd.Env = append(os.Environ(), workerDir+"="+dir)
		cmd.Stdin, cmd.Stderr = gate, os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			return 0, nil, err
		}
		if err := cmd.Start(); err != nil {
			return 0, nil, err
		}
		workers = append(workers, worker{cmd, bufio.NewReader(out)})
	}
	_ = gate.Close()
	for _, w := range workers {
		if _, err := w.out.ReadString('\n'); err != nil {
			return 0, nil, err
		}
	}
	if err := open.Close(); err != nil {
		return 0, nil, err
	}
	for _, w := range workers {
		var entered int
		var first time.Duration
		if _, err := fmt.Fscan(w.out, &entered, &first); err != nil {
			return 0, nil, err
		}
		sections += entered
		firsts = append(firsts, float64(first))
	}
	return sections, firsts, nil
}

// contend is a worker: it says that it is ready, waits for stdin's end, takes
// the lock again and again, and says how often it had it and how long it waited
// for the first time.
func contend(dir string) {
	s := store.Open(store.Options{Dir: dir, Warn: func(w string) { fmt.Fprintln(os.Stderr, w) }})
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
	start := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), contention)
	defer cancel()
	entered, first := 0, contention
	for {
		unlock, err := s.Lock(ctx, "bench")
		if err != nil {
			break
		}
		if entered == 0 {
			first = time.Since(start)
		}
		entered++
		unlock()
		if ctx.Err() != nil {
			break
		}
	}
	fmt.Println(entered, int64(first))
}
