package launch_test

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// capabilities are this process's: effective, permitted, inheritable.
func capabilities() string {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var has [2]unix.CapUserData
	if err := unix.Capget(&header, &has[0]); err != nil {
		return "unknown"
	}
	return fmt.Sprintf("%x-%x-%x", has[0].Effective|has[1].Effective, has[0].Permitted|has[1].Permitted, has[0].Inheritable|has[1].Inheritable)
}
