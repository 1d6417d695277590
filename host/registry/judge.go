package registry

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/authlatch/authlatch/host/registry/manifest"
	"github.com/authlatch/authlatch/internal/content"
)

// reserved are the names of the flows that are shipped. The host does for them
// what it does for no stranger (AZURE_PASSWORD answers the flow password), so
// that the user can trust none of their names.
var reserved = []string{"browser", "devicecode", "password"}

// mayRun says why c may not run, following its path, or "". It reads no content.
func (r *Registry) mayRun(c candidate) string {
	switch {
	case c.source == User && slices.Contains(reserved, c.name):
		return "has the name of a flow that comes with authlatch"
	case c.source == User && c.pinned == "":
		return neverTrusted
	case c.source == Installation: // needs no sum
	case !sumSyntax().MatchString(c.pinned):
		return "is pinned by what is no SHA-256 in lowercase hex"
	case !filepath.IsAbs(c.path):
		return "is pinned by a relative path"
	}
	return r.unsafe(c.path, c.source)
}

// refuse makes the error for c, with both sums if it is pinned.
func (r *Registry) refuse(c candidate, reason string) error {
	e := &NotTrustedError{Name: c.name, Path: c.path, Reason: reason, Want: c.pinned}
	switch {
	case c.pinned != "":
		e.Got = sumOf(context.Background(), c.path)
		e.Next = "correct that, and if you do not know how it came about, run: authlatch flow untrust " + c.name
	case reason == neverTrusted:
		e.Next = "if you know who made it and trust them, run: authlatch flow trust " + c.name
	}
	return e
}

// sumOf is the SHA-256 of what is at path, through a link too; "" if that is no
// file or is too large.
func sumOf(ctx context.Context, path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	sum, _, err := content.SumFile(ctx, path, content.MaxExecutable)
	if err != nil {
		return ""
	}
	return sum
}

// unsafe says why path is not as safe from others as the host binary, or "".
func (r *Registry) unsafe(path string, source Source) string {
	file, err := os.Lstat(path)
	bundle := filepath.Base(path) == manifest.FileName && source != Installation
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "is missing"
	case err != nil:
		return "cannot be examined"
	case file.Mode()&fs.ModeSymlink != 0:
		return content.ErrLink.Error()
	case !file.Mode().IsRegular():
		return content.ErrNotRegular.Error()
	case !bundle && !executable(file):
		return "is not executable"
	}
	owners := []int{0, os.Geteuid()}
	if source == Installation {
		owners = append(owners, r.hostOwner)
	}
	if reason := othersCanWrite(file, owners); reason != "" {
		return reason
	}
	if source != Installation {
		if reason := unsafeWay(filepath.Dir(path), owners); reason != "" || !bundle {
			return reason
		}
		return unsafeTree(filepath.Dir(path), owners)
	}
	dir, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return "lies in a directory that cannot be examined"
	}
	if reason := othersCanWrite(dir, owners); reason != "" {
		return "lies in a directory that " + reason
	}
	return ""
}

// unsafeTree looks at all that lies beside a flow.toml.
func unsafeTree(dir string, owners []int) string {
	reason, seen := "", 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if seen++; seen > 10*manifest.MaxFiles {
			reason = "lies beside too many files"
			return fs.SkipAll
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			return nil // the launcher refuses it; its mode says nothing
		}
		if what := othersCanWrite(info, owners); what != "" {
			reason = fmt.Sprintf("lies beside %s, which %s", path, what)
			return fs.SkipAll
		}
		return nil
	})
	if err != nil {
		return "lies beside files that cannot be examined"
	}
	return reason
}
