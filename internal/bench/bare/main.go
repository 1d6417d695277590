// Command bare prints one line: the least that a process of Go's costs, with
// which "make bench" compares.
package main

import "os"

func main() { _, _ = os.Stdout.WriteString("one line\n") }
