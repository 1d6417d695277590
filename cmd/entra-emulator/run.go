package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

const usage = `entra-emulator runs a local stand-in for Microsoft Entra ID. Never trust it with anything real.

Usage:
  entra-emulator [flags]                   serve until SIGINT or SIGTERM
  entra-emulator browse [flags] URL        sign in at an authorization URL as a person would
  entra-emulator enter-code [flags] CODE   enter a device code as a person would

BROWSER="entra-emulator browse --ca-file FILE" makes programs sign in by themselves.
Each command explains its flags with --help.`

// errUsage is wrapped by what is wrong with the command line.
var errUsage = errors.New("usage")

// run is the program without a process: it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	command := serve
	if len(args) > 0 {
		switch args[0] {
		case "browse":
			command, args = browse, args[1:]
		case "enter-code":
			command, args = enterCode, args[1:]
		case "serve":
			args = args[1:]
		case "help":
			args = []string{"--help"}
		}
	}
	err := command(ctx, args, stdout, stderr)
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case errors.Is(err, errUsage):
		say(stderr, "entra-emulator: %v\nRun 'entra-emulator help' for the flags.\n", err)
		return exitUsage
	}
	say(stderr, "entra-emulator: %v\n", err)
	return exitFailed
}

// say writes for a person; nothing can be done if nobody reads it.
func say(w io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(w, format, args...)
}

// parse parses flags; help, which begins with about, goes to stdout, what is
// wrong becomes an errUsage.
func parse(flags *flag.FlagSet, about string, args []string, stdout io.Writer) error {
	flags.SetOutput(io.Discard)
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		say(stdout, "%s\n\nFlags:\n", about)
		flags.SetOutput(stdout)
		flags.PrintDefaults()
		return flag.ErrHelp
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	return nil
}
