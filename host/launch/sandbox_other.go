//go:build !linux

package launch

import (
	"os/exec"

	"github.com/authlatch/authlatch/host/launch/internal/sandbox"
)

func authorize(*exec.Cmd, *sandbox.Thread) {}

func loginEnviron() []string { return nil }
