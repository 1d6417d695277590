package launch

import (
	"os/exec"

	"github.com/authlatch/authlatch/host/launch/internal/sandbox"
)

// authorize lets the restricted thread fork cmd, which nothing that comes after
// the filter can.
func authorize(cmd *exec.Cmd, t *sandbox.Thread) { cmd.SysProcAttr.Cloneflags |= t.CloneFlags() }
