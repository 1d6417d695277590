package registry

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/authlatch/authlatch/host/launch"
	"github.com/authlatch/authlatch/host/registry/manifest"
	"github.com/authlatch/authlatch/internal/handshake"
)

var nameSyntax = lazily(`^[a-z0-9-]{1,64}$`)

// lazily compiles an expression when it is first used: a process that has no need
// of it does not pay for it.
func lazily(syntax string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(syntax) })
}

// candidate is a flow that may or may not be trusted.
type candidate struct {
	name, path string
	source     Source
	// pinned is what its content must be; "" if nothing was pinned.
	pinned string
}

// Find returns the flow to run under that name. Its errors are *NotFoundError
// and *NotTrustedError. An untrusted flow does not yield to a later one of the
// same name: that would hide that something is wrong. Of a pinned flow it reads
// no content: the launcher does, and runs what it has read.
func (r *Registry) Find(name string) (launch.Binary, error) {
	pins, perr := r.userPins()
	c, ok := r.candidate(name, pins)
	switch {
	case perr != nil && (!ok || c.source == User):
		return launch.Binary{}, perr.notTrusted(name)
	case !ok:
		return launch.Binary{}, r.notFound(name)
	}
	if reason := r.mayRun(c); reason != "" {
		return launch.Binary{}, r.refuse(c, reason)
	}
	return launch.Binary{Name: name, Path: c.path, SHA256: c.pinned}, nil
}

// List returns every flow that there is, by name. It reads those that need a pin,
// to sum them. A directory that cannot be read counts as empty.
func (r *Registry) List(ctx context.Context) ([]Entry, error) {
	pins, perr := r.userPins()
	var found []Entry
	for _, name := range r.names(pins) {
		c, ok := r.candidate(name, pins)
		if !ok {
			continue
		}
		e := Entry{Name: name, Path: c.path, Source: c.source, Pinned: c.pinned, Reason: r.mayRun(c)}
		if c.source != Installation {
			e.SHA256 = sumOf(ctx, c.path)
		}
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case e.Reason != "":
		case perr != nil && c.source == User:
			e.Reason = "is as good as never trusted: " + perr.Error()
		case c.pinned != "" && e.SHA256 != c.pinned:
			e.Reason = changed
		}
		e.Trusted = e.Reason == ""
		found = append(found, e)
	}
	return found, nil
}

// names are those of all candidates, sorted.
func (r *Registry) names(pins map[string]userPin) []string {
	var names []string
	for _, p := range r.Pins {
		names = append(names, p.Name)
	}
	for name := range pins {
		names = append(names, name)
	}
	for _, dir := range append(slices.Clone(r.Dirs), r.UserDir) {
		if !filepath.IsAbs(dir) {
			continue
		}
		files, _ := os.ReadDir(dir)
		for _, f := range files {
			if name, ok := flowName(f.Name()); ok {
				names = append(names, name)
			}
		}
	}
	sort.Strings(names)
	return slices.DeleteFunc(slices.Compact(names), func(s string) bool { return !nameSyntax().MatchString(s) })
}

// candidate returns the one flow that counts under that name.
func (r *Registry) candidate(name string, pins map[string]userPin) (candidate, bool) {
	c := candidate{name: name}
	if !nameSyntax().MatchString(name) {
		return c, false
	}
	for _, p := range r.Pins {
		if p.Name != name {
			continue
		}
		c.path, c.source, c.pinned = p.Path, Program, p.SHA256
		for _, dir := range append(slices.Clone(r.Dirs), r.UserDir) {
			if c.path == "" {
				c.path = inDir(dir, name)
			}
		}
		return c, c.path != ""
	}
	for _, dir := range r.Dirs {
		// A directory in the installation is no flow: it would need a pin.
		if path := filepath.Join(dir, handshake.NamePrefix+name+exeSuffix); filepath.IsAbs(dir) && exists(path) {
			c.path, c.source = path, Installation
			return c, true
		}
	}
	c.source = User
	pin, pinned := pins[name]
	c.pinned = pin.SHA256
	if pinned && exists(pin.Path) {
		c.path = pin.Path
		return c, true
	}
	if c.path = inDir(r.UserDir, name); c.path == "" {
		c.path = pin.Path // which is gone
	}
	return c, c.path != ""
}

// inDir returns the flow's executable or flow.toml in dir, or "".
func inDir(dir, name string) string {
	if !filepath.IsAbs(dir) {
		return ""
	}
	base := filepath.Join(dir, handshake.NamePrefix+name)
	if info, err := os.Lstat(base); err == nil && info.IsDir() {
		return filepath.Join(base, manifest.FileName)
	}
	if exists(base + exeSuffix) {
		return base + exeSuffix
	}
	return ""
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// flowName returns NAME of authlatch-flow-NAME.
func flowName(file string) (string, bool) {
	rest, ok := strings.CutPrefix(file, handshake.NamePrefix)
	if !ok {
		return "", false
	}
	name := strings.TrimSuffix(rest, exeSuffix)
	return name, nameSyntax().MatchString(name)
}

func (r *Registry) notFound(name string) error {
	missing := &NotFoundError{Name: name}
	for _, dir := range append(slices.Clone(r.Dirs), r.UserDir) {
		if filepath.IsAbs(dir) {
			missing.Searched = append(missing.Searched, dir)
		}
	}
	pins, _ := r.userPins()
	for _, n := range r.names(pins) {
		if _, ok := r.candidate(n, pins); ok {
			missing.Candidates = append(missing.Candidates, n)
		}
	}
	return missing
}
