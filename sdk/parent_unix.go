//go:build unix

package sdk

import (
	"os"
	"time"
)

// parentPoll is how often the parent is looked for. The end of the connection
// tells of the host's death at once, and on Linux its launcher asks the kernel
// to kill the flow too; this is for what is left.
const parentPoll = time.Second

// waitForExit returns when pid is no longer the parent: an orphan is given
// another one.
func waitForExit(pid int) {
	for range time.Tick(parentPoll) {
		if os.Getppid() != pid {
			return
		}
	}
}
