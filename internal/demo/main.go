// Command demo shows the product at work against the emulator: "make demo" runs
// it once and fails if anything is not as it says, "make playground" leaves the
// emulator running for a person to try.
//
// Everything happens in a temporary directory that is removed at the end, with
// the real binaries as separate processes; only the person is played, by a
// scripted browser over HTTP.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// limit bounds the whole demonstration: it takes some seconds, and a hang
// should not hold a build machine.
const limit = 3 * time.Minute

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "demo: "+err.Error())
		os.Exit(1)
	}
}

func run() error {
	bin := flag.String("bin", "bin", "directory with the built programs")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch flag.Arg(0) {
	case "":
		return demonstrate(ctx, *bin)
	case "playground":
		return playground(ctx, *bin)
	}
	return fmt.Errorf("unknown argument %q: there is only playground", flag.Arg(0))
}

// demonstrate goes through the steps. When it is interrupted, what failed for
// that is of no interest, but what is left behind would be.
func demonstrate(ctx context.Context, bin string) (err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not done after %s", limit))
	defer cancel()
	w, err := newWorld(ctx, bin, "--device-interval", "1s")
	if err != nil {
		return unlessEnded(ctx, err)
	}
	defer func() { err = errors.Join(err, w.close()) }()

	for _, step := range []func(context.Context, *world) error{
		signInByBrowser, signInByDeviceCode, signInByPassword, useKubectl,
	} {
		if err := step(ctx, w); err != nil {
			return unlessEnded(ctx, err)
		}
	}
	if err := w.close(); err != nil {
		return err
	}
	fmt.Println("\nAll of it worked. Nothing is left running, and nothing outside the temporary directory, which is gone.")
	return nil
}

var errInterrupted = errors.New("interrupted")

// unlessEnded is err, or why ctx has ended if it has.
func unlessEnded(ctx context.Context, err error) error {
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return errInterrupted
	case ctx.Err() != nil:
		return errors.Join(context.Cause(ctx), err)
	}
	return err
}
