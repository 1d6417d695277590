package registry

import "io/fs"

const exeSuffix = ".exe"

func ownerOf(fs.FileInfo) int { return 0 }

func executable(fs.FileInfo) bool { return true }

// othersCanWrite relies on the access lists that directories of programs have on
// Windows; modes say nothing there.
func (r *Registry) othersCanWrite(fs.FileInfo) string { return "" }
