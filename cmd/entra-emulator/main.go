// Command entra-emulator runs a local stand-in for Microsoft Entra ID, or plays
// the person who signs in at one.
//
//	entra-emulator [--addr 127.0.0.1:8443] [--ca-file FILE] [--users FILE]
//	entra-emulator browse [--user U] [--password-file F] [--ca-file FILE] URL
//	entra-emulator enter-code [--url URL] [--user U] [--ca-file FILE] CODE
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
