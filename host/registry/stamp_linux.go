package registry

import (
	"fmt"
	"io/fs"
	"syscall"
	"time"
)

// stamp names a version of a file: its change time (ctime) moves with every
// write and rename, and no program can set it. It is "" while the file is so new
// that a further change might leave the clock where it is.
func stamp(info fs.FileInfo) string {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || time.Since(time.Unix(st.Ctim.Unix())) < settled {
		return ""
	}
	return fmt.Sprintf("%d:%d %d %d.%d %d.%d", st.Dev, st.Ino, st.Size, st.Mtim.Sec, st.Mtim.Nsec, st.Ctim.Sec, st.Ctim.Nsec)
}

// settled is longer than the coarsest clock of a file system (FAT's 2 s).
const settled = 3 * time.Second
