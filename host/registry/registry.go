// Package registry finds flow binaries and says which of them may run. Finding
// is not running: it looks at names, owners, modes and sums, and executes
// nothing. It never looks in PATH or the working directory.
//
// A flow of the installation is as trusted as the host binary beside it, as long
// as nobody else can write it or its directory. Every other flow may run only as
// the content that was trusted: the one of which the embedding program or the
// user has pinned the SHA-256.
package registry

import (
	"os"
	"path/filepath"
	"runtime"
)

// Source says where a flow was found.
type Source string

// Sources.
const (
	// Installation: one of Registry.Dirs.
	Installation Source = "installation"
	// Program: one of Registry.Pins.
	Program Source = "program"
	// User: Registry.UserDir, or where the user's pin says.
	User Source = "user"
)

// Registry looks for flows. Of two with one name that of Pins counts, then that
// of the earlier of Dirs, then the user's. It is safe for concurrent use as long
// as its fields are not changed.
type Registry struct {
	// Pins are the embedding program's own: what it ships elsewhere than in Dirs,
	// or has downloaded.
	Pins []Pin
	// Dirs belong to the installation: what is in them needs no pin, but nobody
	// except root, this user and the owner of the host binary may be able to write
	// it. Relative ones are passed over.
	Dirs []string
	// UserDir holds what the user has added; "" means nothing.
	UserDir string
	// PinsFile says what the user has trusted. Trust and Untrust write it. "" means
	// that the user can trust nothing.
	PinsFile string
	// CacheDir keeps what flows have said of themselves; "" keeps nothing.
	CacheDir string

	// hostOwner is the user id that owns the host binary; 0, root, if unknown.
	hostOwner int
}

// Pin says which content may run as the flow Name, and no other.
type Pin struct {
	Name string
	// Path is absolute: of the executable, or of a directory's flow.toml. "" means
	// that it is found by its name in Dirs or UserDir.
	Path string
	// SHA256 of the executable or flow.toml, in lowercase hex.
	SHA256 string
}

// Entry is a flow that was found.
type Entry struct {
	Name    string
	Path    string // of the executable or flow.toml
	Trusted bool
	// Reason says why not, following the path: "is writable by its group"; "" if
	// trusted.
	Reason string
	Source Source
	// SHA256 is what is there, and Pinned what was trusted, in lowercase hex; ""
	// if it could not be summed or needs no sum, or if nothing was trusted.
	SHA256 string
	Pinned string
}

// Default is the registry of the host binary exe, links to which are followed:
// its libexec directory, then the directory that it lies in, then the user's.
func Default(exe string) *Registry {
	r := &Registry{}
	if data := dataDir(); data != "" {
		r.UserDir = filepath.Join(data, "flows")
		r.PinsFile = filepath.Join(data, "trusted.toml")
		r.CacheDir = filepath.Join(data, "described")
	}
	if real, err := filepath.EvalSymlinks(exe); err == nil {
		exe = real
	}
	exe, err := filepath.Abs(exe)
	if err != nil {
		return r
	}
	dir := filepath.Dir(exe)
	r.Dirs = []string{filepath.Join(filepath.Dir(dir), "libexec", "authlatch", "flows"), dir}
	if info, err := os.Stat(exe); err == nil {
		r.hostOwner = ownerOf(info)
	}
	return r
}

// dataDir is where the system keeps a user's data of this program, or "".
func dataDir() string {
	if runtime.GOOS == "windows" {
		if local := os.Getenv("LOCALAPPDATA"); filepath.IsAbs(local) {
			return filepath.Join(local, "authlatch")
		}
		return ""
	}
	if data := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(data) {
		return filepath.Join(data, "authlatch")
	}
	home, err := os.UserHomeDir()
	switch {
	case err != nil || !filepath.IsAbs(home):
		return ""
	case runtime.GOOS == "darwin":
		return filepath.Join(home, "Library", "Application Support", "authlatch")
	}
	return filepath.Join(home, ".local", "share", "authlatch")
}
