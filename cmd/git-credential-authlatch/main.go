// Command git-credential-authlatch is a git credential helper: see package
// helper/git.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/authlatch/authlatch/helper/git"
	"github.com/authlatch/authlatch/helper/source"
	"github.com/authlatch/authlatch/internal/undumpable"
)

func main() {
	undumpable.Self()
	os.Exit(git.Command{
		Args: os.Args[1:], Env: os.Getenv, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Now: time.Now,
		Source: &source.Source{
			Env: os.Getenv, Environ: os.Environ(), Stderr: os.Stderr, Executable: os.Executable,
			OnMiss: func(ctx context.Context) (context.Context, context.CancelFunc) {
				return signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
			},
		},
	}.Run(context.Background()))
}
