// Command cargo-credential-authlatch is a credential provider of cargo: see package
// helper/cargo.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/authlatch/authlatch/helper/cargo"
	"github.com/authlatch/authlatch/helper/source"
	"github.com/authlatch/authlatch/internal/undumpable"
)

func main() {
	undumpable.Self()
	os.Exit(cargo.Command{
		Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Source: &source.Source{
			Env: os.Getenv, Environ: os.Environ(), Stderr: os.Stderr, Executable: os.Executable,
			OnMiss: func(ctx context.Context) (context.Context, context.CancelFunc) {
				return signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
			},
		},
	}.Run(context.Background()))
}
