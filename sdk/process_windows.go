package sdk

import "golang.org/x/sys/windows"

// protectSelf keeps the system's error dialogue, which waits for a click, from
// holding a crashed flow.
func protectSelf() {
	windows.SetErrorMode(windows.SEM_FAILCRITICALERRORS | windows.SEM_NOGPFAULTERRORBOX)
}

// waitForExit returns when the process pid has ended, or cannot be found, which
// means the same.
func waitForExit(pid int) {
	process, err := windows.OpenProcess(windows.SYNCHRONIZE, false, uint32(pid))
	if err != nil {
		return
	}
	defer func() { _ = windows.CloseHandle(process) }()
	_, _ = windows.WaitForSingleObject(process, windows.INFINITE)
}

// closeInherited has nothing to do: only handles that are named are inherited.
func closeInherited() {}
