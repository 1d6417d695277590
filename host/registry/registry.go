// Package registry finds flow binaries and says which of them may run. Finding
// is not running: it looks at names, owners and modes, and executes nothing. It
// never looks in PATH or the working directory.
//
// A flow of the installation is as trusted as the host binary beside it, as long
// as nobody else can write it or its directory. A flow in the user's data
// directory is listed, but not trusted.
package registry

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"sort"
	"strings"

	"github.com/authlatch/authlatch/host/launch"
	"github.com/authlatch/authlatch/internal/handshake"
)

// Source says where a flow was found.
type Source string

// Sources.
const (
	// Installation: one of Registry.Dirs.
	Installation Source = "installation"
	// User: Registry.UserDir.
	User Source = "user"
)

// Registry looks for flows in directories. It is safe for concurrent use.
type Registry struct {
	// Dirs belong to the installation. Of two flows with one name, that of the
	// earlier directory counts.
	Dirs []string
	// UserDir holds what the user has added; it comes last. "" means none.
	UserDir string

	// hostOwner is the user id that owns the host binary; 0, root, if unknown.
	hostOwner int
}

// Entry is a flow that was found.
type Entry struct {
	Name    string
	Path    string
	Trusted bool
	// Reason says why not, following the path: "is writable by its group"; "" if
	// trusted.
	Reason string
	Source Source
}

// NotFoundError says that there is no flow of that name.
type NotFoundError struct {
	Name string
	// Candidates are the names that there are.
	Candidates []string
	// Searched are the directories.
	Searched []string
}

func (e *NotFoundError) Error() string {
	if len(e.Candidates) == 0 {
		return fmt.Sprintf("no flow %q: there are no flows in %s", e.Name, strings.Join(e.Searched, ", "))
	}
	return fmt.Sprintf("no flow %q: there are %s", e.Name, strings.Join(e.Candidates, ", "))
}

// NotTrustedError says that a flow may not run.
type NotTrustedError struct {
	Name, Path string
	Reason     string // as in Entry
}

func (e *NotTrustedError) Error() string {
	return fmt.Sprintf("flow %s is not trusted: %s %s", e.Name, e.Path, e.Reason)
}

// Default is the registry of the host binary exe, links to which are followed:
// its libexec directory, then the directory that it lies in, then the user's.
func Default(exe string) *Registry {
	r := &Registry{UserDir: userDir()}
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

// userDir is where the system keeps a user's data, or "".
func userDir() string {
	if runtime.GOOS == "windows" {
		if local := os.Getenv("LOCALAPPDATA"); filepath.IsAbs(local) {
			return filepath.Join(local, "authlatch", "flows")
		}
		return ""
	}
	if data := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(data) {
		return filepath.Join(data, "authlatch", "flows")
	}
	home, err := os.UserHomeDir()
	switch {
	case err != nil || !filepath.IsAbs(home):
		return ""
	case runtime.GOOS == "darwin":
		return filepath.Join(home, "Library", "Application Support", "authlatch", "flows")
	}
	return filepath.Join(home, ".local", "share", "authlatch", "flows")
}

var nameSyntax = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)

// List returns every flow that there is, by name. A directory that cannot be
// read counts as empty.
func (r *Registry) List(ctx context.Context) ([]Entry, error) {
	var found []Entry
	seen := make(map[string]bool)
	for _, p := range r.places() {
		files, err := os.ReadDir(p.dir)
		if err != nil {
			continue
		}
		for _, f := range files {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			name, ok := flowName(f.Name())
			if !ok || seen[name] {
				continue
			}
			seen[name] = true
			found = append(found, r.judge(name, filepath.Join(p.dir, f.Name()), p.source))
		}
	}
	sort.Slice(found, func(i, j int) bool { return found[i].Name < found[j].Name })
	return found, nil
}

// Find returns the flow to run under that name. Its errors are *NotFoundError
// and *NotTrustedError. An untrusted flow does not yield to a later one of the
// same name: that would hide that something is wrong.
func (r *Registry) Find(name string) (launch.Binary, error) {
	if nameSyntax.MatchString(name) {
		for _, d := range r.places() {
			path := filepath.Join(d.dir, handshake.NamePrefix+name+exeSuffix)
			if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
				continue
			}
			e := r.judge(name, path, d.source)
			if !e.Trusted {
				return launch.Binary{}, &NotTrustedError{Name: name, Path: path, Reason: e.Reason}
			}
			return launch.Binary{Name: name, Path: path}, nil
		}
	}
	missing := &NotFoundError{Name: name}
	for _, d := range r.places() {
		missing.Searched = append(missing.Searched, d.dir)
	}
	entries, _ := r.List(context.Background())
	for _, e := range entries {
		missing.Candidates = append(missing.Candidates, e.Name)
	}
	return launch.Binary{}, missing
}

type place struct {
	dir    string
	source Source
}

// places are the directories in their order, absolute ones only: a relative one
// would depend on the working directory.
func (r *Registry) places() []place {
	var list []place
	for _, dir := range r.Dirs {
		list = append(list, place{dir, Installation})
	}
	list = append(list, place{r.UserDir, User})
	return slices.DeleteFunc(list, func(p place) bool { return !filepath.IsAbs(p.dir) })
}

// flowName returns NAME of authlatch-flow-NAME.
func flowName(file string) (string, bool) {
	rest, ok := strings.CutPrefix(file, handshake.NamePrefix)
	if !ok {
		return "", false
	}
	name, ok := strings.CutSuffix(rest, exeSuffix)
	return name, ok && nameSyntax.MatchString(name)
}

// judge says whether the flow at path may run.
func (r *Registry) judge(name, path string, source Source) Entry {
	e := Entry{Name: name, Path: path, Source: source}
	switch reason := r.unsafe(path); {
	case source == User:
		e.Reason = "does not belong to the installation"
	case reason != "":
		e.Reason = reason
	default:
		e.Trusted = true
	}
	return e
}

// unsafe says why path is not as safe as the host binary, or "".
func (r *Registry) unsafe(path string) string {
	file, err := os.Lstat(path)
	switch {
	case err != nil:
		return "cannot be examined"
	case file.Mode()&fs.ModeSymlink != 0:
		return "is a symbolic link"
	case !file.Mode().IsRegular():
		return "is not a regular file"
	case !executable(file):
		return "is not executable"
	}
	if reason := r.othersCanWrite(file); reason != "" {
		return reason
	}
	dir, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return "lies in a directory that cannot be examined"
	}
	if reason := r.othersCanWrite(dir); reason != "" {
		return "lies in a directory that " + reason
	}
	return ""
}
