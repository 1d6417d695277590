//go:build linux && !amd64 && !arm64

package sandbox

import "errors"

// broker is not needed without a filter.
type broker struct{}

func (*broker) close() {}

// seccompAbility: the rules are written for the architectures that are built and
// tested.
func seccompAbility() (filter, broker bool) { return false, false }

func (*Thread) filter(Policy, bool) error { return errors.ErrUnsupported }

// CloneFlags is for syscall.SysProcAttr.Cloneflags of what this thread forks.
func (*Thread) CloneFlags() uintptr { return 0 }
