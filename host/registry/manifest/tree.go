package manifest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/authlatch/authlatch/internal/content"
	"github.com/authlatch/authlatch/internal/sanitize"
)

// SumError says that a file's content is not what was listed or pinned.
type SumError struct {
	Path      string // absolute
	Want, Got string // SHA-256 in lowercase hex
}

func (e *SumError) Error() string {
	return fmt.Sprintf("%s has sha256 %s, not %s", e.Path, e.Got, e.Want)
}

// Verify reports what is other in dir than the manifest says: a file that is
// missing, not listed or not regular, or its sum (a *SumError). visit, which may
// be nil, is called for each file and directory below dir, before anything is
// read, and can refuse it.
func (m *Manifest) Verify(ctx context.Context, dir string, visit func(path string, info fs.FileInfo) error) error {
	return m.each(ctx, dir, visit, func(File) (io.WriteCloser, error) { return nil, nil })
}

// Copy copies the listed files of dir below to, an empty directory that nobody
// else can write, and verifies what it has copied, as Verify does. After an error
// nothing in to may be used. Files are readable only, the command executable.
func (m *Manifest) Copy(ctx context.Context, dir, to string) error {
	return m.each(ctx, dir, nil, func(f File) (io.WriteCloser, error) {
		path := filepath.Join(to, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, err
		}
		mode := fs.FileMode(0o400)
		if f.Path == m.Command {
			mode = 0o500
		}
		return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	})
}

// each reads every listed file into what to opens for it, if anything.
func (m *Manifest) each(ctx context.Context, dir string, visit func(string, fs.FileInfo) error, to func(File) (io.WriteCloser, error)) error {
	if err := m.walk(ctx, dir, visit); err != nil {
		return err
	}
	left := int64(MaxTotal)
	for _, f := range m.Files {
		path := filepath.Join(dir, filepath.FromSlash(f.Path))
		sum, size, err := copyFile(ctx, path, left, f, to)
		switch left -= size; {
		case errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("%s is missing", f.Path)
		case err != nil && ctx.Err() != nil:
			return ctx.Err()
		case err != nil && left < 0:
			return fmt.Errorf("its files have more than %d bytes", MaxTotal)
		case err != nil:
			return fmt.Errorf("%s: %w", f.Path, err)
		case sum != f.SHA256:
			return &SumError{Path: path, Want: f.SHA256, Got: sum}
		}
	}
	return nil
}

func copyFile(ctx context.Context, path string, max int64, f File, to func(File) (io.WriteCloser, error)) (sum string, size int64, err error) {
	src, _, err := content.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer func() { _ = src.Close() }()
	dst, err := to(f)
	if err != nil {
		return "", 0, err
	}
	if dst == nil {
		return content.Copy(ctx, io.Discard, src, max)
	}
	sum, size, err = content.Copy(ctx, dst, src, max)
	return sum, size, errors.Join(err, dst.Close())
}

// walk holds the names below dir to the list. What it has not seen, because it
// came later, is not copied either.
func (m *Manifest) walk(ctx context.Context, dir string, visit func(string, fs.FileInfo) error) error {
	listed := make(map[string]bool, len(m.Files))
	for _, f := range m.Files {
		listed[f.Path] = true
	}
	seen := 0
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil || rel == "." {
			return err
		}
		name := sanitize.Line(filepath.ToSlash(rel), maxPath)
		if seen++; seen > MaxFiles*maxDir {
			return fmt.Errorf("there are too many files in %s", dir)
		}
		info, err := d.Info()
		switch {
		case err != nil:
			return err
		case info.Mode()&fs.ModeSymlink != 0:
			return fmt.Errorf("%s is a symbolic link", name)
		case !info.IsDir() && !info.Mode().IsRegular():
			return fmt.Errorf("%s is not a regular file", name)
		case !info.IsDir() && rel != FileName && !listed[filepath.ToSlash(rel)]:
			return fmt.Errorf("%s is not listed in %s", name, FileName)
		case visit != nil:
			return visit(path, info)
		}
		return nil
	})
}
