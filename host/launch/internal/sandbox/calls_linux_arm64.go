package sandbox

import "golang.org/x/sys/unix"

const auditArch = unix.AUDIT_ARCH_AARCH64

// refusedHere are older forms of calls and those of this architecture.
var refusedHere = []uint32{unix.SYS_KEXEC_FILE_LOAD}
