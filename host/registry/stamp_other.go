//go:build !linux

package registry

import "io/fs"

// stamp is "": flows of the installation are asked each time.
func stamp(fs.FileInfo) string { return "" }
