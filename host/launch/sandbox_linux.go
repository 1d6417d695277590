package launch

import (
	"os"
	"os/exec"
	"strings"

	"github.com/authlatch/authlatch/host/launch/internal/sandbox"
	"github.com/authlatch/authlatch/internal/handshake"
)

// authorize lets the restricted thread fork cmd, which nothing that comes after
// the filter can.
func authorize(cmd *exec.Cmd, t *sandbox.Thread) { cmd.SysProcAttr.Cloneflags |= t.CloneFlags() }

// loginEnviron tells the flow who logged in, which the sandbox hides from it.
func loginEnviron() []string {
	const unset = "4294967295"
	b, err := os.ReadFile("/proc/self/loginuid")
	uid := strings.TrimSpace(string(b))
	if err != nil || uid == "" || uid == unset {
		return nil
	}
	return []string{handshake.LoginUIDKey + "=" + uid}
}
