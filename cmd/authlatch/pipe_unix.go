//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// outliveReader makes a broken pipe an error of Write instead of the process's
// end. A handler, unlike an ignored signal, is not inherited by the flows.
func outliveReader() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }
