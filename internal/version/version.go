// Package version says which build this is: of authlatch, its flows and its
// helpers, which are released together.
package version

import "runtime/debug"

// Version is set by the linker (make build). String falls back to the module's
// own version, for those who install with the go command.
var Version string

// String returns the version, such as "v1.2.3", or "devel".
func String() string {
	if Version != "" {
		return Version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return info.Main.Version
}
