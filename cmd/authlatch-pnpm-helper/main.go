// Command authlatch-pnpm-helper is a token helper of pnpm: see package
// helper/pnpm.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/authlatch/authlatch/helper/pnpm"
	"github.com/authlatch/authlatch/helper/source"
	"github.com/authlatch/authlatch/internal/undumpable"
)

func main() {
	undumpable.Self()
	os.Exit(pnpm.Command{
		Args: os.Args[1:], Stdout: os.Stdout, Stderr: os.Stderr,
		Source: &source.Source{
			Env: os.Getenv, Environ: os.Environ(), Stderr: os.Stderr, Executable: os.Executable,
			OnMiss: func(ctx context.Context) (context.Context, context.CancelFunc) {
				return signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
			},
		},
	}.Run(context.Background()))
}
