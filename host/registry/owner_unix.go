//go:build unix

package registry

import (
	"bufio"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"strings"
	"syscall"
)

const exeSuffix = ""

func ownerOf(info fs.FileInfo) int {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(st.Uid)
	}
	return 0
}

func executable(info fs.FileInfo) bool { return info.Mode().Perm()&0o111 != 0 }

// othersCanWrite says who besides root, us and the host binary's owner could
// change info's file, or "".
func (r *Registry) othersCanWrite(info fs.FileInfo) string {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return "has an unknown owner"
	}
	uid := int(st.Uid)
	switch {
	case uid != 0 && uid != os.Geteuid() && uid != r.hostOwner:
		return "belongs to user " + strconv.Itoa(uid)
	case info.Mode().Perm()&0o002 != 0:
		return "is writable by everybody"
	case info.Mode().Perm()&0o020 != 0 && !privateGroup(uid, int(st.Gid)):
		return "is writable by its group"
	}
	return ""
}

// privateGroup reports whether gid is a group of nobody but uid, as Debian,
// Fedora and their like give each user one: with their umask of 002 everything
// that the user builds is writable by it.
func privateGroup(uid, gid int) bool {
	owner, err := user.LookupId(strconv.Itoa(uid))
	if err != nil {
		return false
	}
	// Fields of group(5): name, password, gid, members.
	members, known := "", false
	ok := eachRecord("/etc/group", func(f []string) {
		if len(f) == 4 && f[2] == strconv.Itoa(gid) {
			known = known || f[0] == owner.Username
			members += f[3]
		}
	})
	if !ok || !known || members != "" && members != owner.Username {
		return false
	}
	// Fields of passwd(5): name, password, uid, gid, …
	alone := true
	ok = eachRecord("/etc/passwd", func(f []string) {
		if len(f) > 3 && f[3] == strconv.Itoa(gid) && f[2] != strconv.Itoa(uid) {
			alone = false
		}
	})
	return ok && alone
}

func eachRecord(path string, do func(fields []string)) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer func() { _ = file.Close() }()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		do(strings.Split(lines.Text(), ":"))
	}
	return lines.Err() == nil
}
