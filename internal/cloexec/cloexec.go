// Package cloexec keeps the descriptors that a program has inherited from the
// programs that it starts. authlatch calls it first of all: a shell's open files
// are neither a flow's nor a browser's. The descriptors stay open here, so
// --password-fd can read them.
package cloexec

// All marks every descriptor above stderr close-on-exec. It is best effort, and
// has nothing to do on Windows, where only named handles are inherited.
func All() { all() }
