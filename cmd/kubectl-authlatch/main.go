// Command kubectl-authlatch is a client-go exec credential plugin: see package
// helper/kubectl.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/authlatch/authlatch/helper/kubectl"
	"github.com/authlatch/authlatch/helper/source"
	"github.com/authlatch/authlatch/internal/undumpable"
)

func main() {
	undumpable.Self()
	os.Exit(kubectl.Command{
		Args: os.Args[1:], Env: os.Getenv, Stdout: os.Stdout, Stderr: os.Stderr, Now: time.Now,
		Source: &source.Source{
			Env: os.Getenv, Environ: os.Environ(), Stderr: os.Stderr, Executable: os.Executable,
			OnMiss: func(ctx context.Context) (context.Context, context.CancelFunc) {
				return signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
			},
		},
	}.Run(context.Background()))
}
