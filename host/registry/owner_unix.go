//go:build unix

package registry

import (
	"bufio"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
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

// ownerName is the name, or the number, of info's owner.
func ownerName(info fs.FileInfo) string {
	number := strconv.Itoa(ownerOf(info))
	if owner, err := user.LookupId(number); err == nil {
		return owner.Username
	}
	return number
}

// mayWrite refuses to make files in another user's directory, as under sudo with
// HOME kept.
func mayWrite(dir string) error {
	for {
		info, err := os.Stat(dir)
		if err == nil {
			if uid := ownerOf(info); uid != 0 && uid != os.Geteuid() {
				return &PinsError{dir, "belongs to user " + strconv.Itoa(uid) + ": run authlatch as that user"}
			}
			return nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return err
		}
		dir = parent
	}
}

func executable(info fs.FileInfo) bool { return info.Mode().Perm()&0o111 != 0 }

// othersCanWrite says who besides the owners could change info's file, or "".
func othersCanWrite(info fs.FileInfo, owners []int) string {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return "has an unknown owner"
	}
	uid := int(st.Uid)
	switch {
	case !slices.Contains(owners, uid):
		return "belongs to user " + strconv.Itoa(uid)
	case info.Mode().Perm()&0o002 != 0:
		return "is writable by everybody"
	case info.Mode().Perm()&0o020 != 0 && !privateGroup(uid, int(st.Gid)):
		return "is writable by its group"
	}
	return ""
}

// maxLinks is how many links a path may have in it, as in Linux.
const maxLinks = 40

// unsafeWay says which directory on the way to dir, links followed, lets somebody
// besides the owners put another in its place, or "". A sticky directory lets
// only an entry's owner do that (unlink(2)).
func unsafeWay(dir string, owners []int) string {
	way, rest, links := "/", elements(dir), 0
	for {
		info, err := os.Lstat(way)
		if err != nil {
			return "lies below " + way + ", which cannot be examined"
		}
		if info.Mode()&fs.ModeSticky != 0 {
			info = sticky{info}
		}
		if reason := othersCanWrite(info, owners); reason != "" {
			if way == filepath.Clean(dir) {
				return "lies in a directory that " + reason
			}
			return "lies below " + way + ", which " + reason
		}
		// The next element; what a link points to takes its place.
		for {
			if len(rest) == 0 {
				return ""
			}
			next := filepath.Join(way, rest[0])
			rest = rest[1:]
			info, err := os.Lstat(next)
			if err != nil || info.Mode()&fs.ModeSymlink == 0 {
				way = next
				break
			}
			to, err := os.Readlink(next)
			if links++; err != nil || links > maxLinks {
				return "lies below " + next + ", which cannot be followed"
			}
			if st, ok := info.Sys().(*syscall.Stat_t); !ok || !slices.Contains(owners, int(st.Uid)) {
				return "lies below " + next + ", a link that belongs to another user"
			}
			if filepath.IsAbs(to) {
				way = "/"
			}
			rest = append(elements(to), rest...)
		}
	}
}

func elements(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
}

// sticky is a directory as it is for those who own nothing in it.
type sticky struct{ fs.FileInfo }

func (s sticky) Mode() fs.FileMode { return s.FileInfo.Mode() &^ 0o022 }

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
