// Command crane is go-containerregistry's own, made of its packages, for the
// end-to-end tests: it pulls and pushes without a daemon, with docker's code for
// credential helpers.
package main

import (
	"fmt"
	"os"

	"github.com/google/go-containerregistry/cmd/crane/cmd"
)

func main() {
	if err := cmd.Root.Execute(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
