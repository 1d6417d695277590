package sdk_test

import (
	"fmt"

	"golang.org/x/sys/unix"
)

const wantProtection = "dumpable 0, core limit 0"

func selfProtection() string {
	dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("dumpable %d, core limit %d", dumpable, coreLimit())
}
