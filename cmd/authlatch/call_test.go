//go:build unix

package main_test

import (
	"errors"
	"os/exec"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// exits is "exits CODE PROGRAM ARGUMENT...". Besides the code it checks what
// holds for every call: see wellBehaved.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := exitCode(ts, ts.Exec(args[1], args[2:]...))
	worldOf(ts).wellBehaved(ts, got, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	if got != want {
		ts.Fatalf("exit code %d, not %d", got, want)
	}
}

func exitCode(ts *testscript.TestScript, err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	ts.Check(err)
	return 0
}

// until is "until COUNTER N PROGRAM ARGUMENT...": it repeats a successful call
// until the counter has reached N, which a token's expiry brings about.
func until(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	w := worldOf(ts)
	for range 200 {
		exits(ts, false, append([]string{"0"}, args[2:]...))
		if w.counter(ts, args[0]) >= want {
			return
		}
		time.Sleep(50 * time.Millisecond) // the programs' clock is the real one
	}
	ts.Fatalf("%s never reached %d: %+v", args[0], want, w.server.Counters())
}

// stale is "stale CODE PROGRAM ARGUMENT...": it repeats a call that succeeds
// from the cache until it exits with the code, once the token has expired.
func stale(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	for range 200 {
		got := exitCode(ts, ts.Exec(args[1], args[2:]...))
		worldOf(ts).wellBehaved(ts, got, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
		switch got {
		case want:
			return
		case 0:
			time.Sleep(50 * time.Millisecond) // the programs' clock is the real one
		default:
			ts.Fatalf("exit code %d, not %d", got, want)
		}
	}
	ts.Fatalf("the token never expired")
}
