// Command authlatch gets Microsoft Entra ID tokens for a user.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/authlatch/authlatch/internal/cli"
	"github.com/authlatch/authlatch/internal/cloexec"
)

func main() {
	cloexec.All()
	protectSelf()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	// A second Ctrl-C ends at once what does not end by itself.
	context.AfterFunc(ctx, stop)
	outliveReader()

	code := cli.Run(ctx, cli.Process{
		Args: os.Args[1:], Environ: os.Environ(), Executable: os.Executable,
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		OpenFD: func(fd uintptr) *os.File { return os.NewFile(fd, "file descriptor") },
	})
	stop()
	os.Exit(code)
}
