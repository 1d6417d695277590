// Command authlatch gets Microsoft Entra ID tokens for a user.
package main

import (
	"context"
	"os"

	"github.com/authlatch/authlatch/internal/cli"
	"github.com/authlatch/authlatch/internal/cloexec"
	"github.com/authlatch/authlatch/internal/undumpable"
)

func main() {
	cloexec.All()
	undumpable.Self()
	ctx := untilSignal(context.Background())
	outliveReader()

	os.Exit(cli.Run(ctx, cli.Process{
		Args: os.Args[1:], Environ: os.Environ(), Executable: os.Executable,
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		OpenFD: func(fd uintptr) *os.File { return os.NewFile(fd, "file descriptor") },
	}))
}
