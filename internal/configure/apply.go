package configure

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Applier changes files, and remembers how they were.
type Applier struct {
	// Tool is whose files they are.
	Tool string
	// Records is the directory of what is remembered: each tool has a file there.
	Records string
}

// Apply makes all changes of a plan, each file at once, and remembers what was
// there so that Undo finds it. It fails before the first change if a file is no
// longer what the plan was made of, or cannot be written.
func (a Applier) Apply(p Plan) error {
	record, err := a.read()
	if err != nil {
		return err
	}
	var targets []target
	defer func() {
		for _, t := range targets {
			t.unlock()
		}
	}()
	for _, c := range p.Changes {
		t, err := resolve(c)
		if err != nil {
			return err
		}
		targets = append(targets, t)
	}
	for _, t := range targets {
		if err := record.remember(t); err != nil {
			return err
		}
	}
	if err := a.write(record); err != nil {
		return err
	}
	for _, t := range targets {
		if err := t.replace(); err != nil {
			return err
		}
	}
	return nil
}

// target is a change of a file that is there, found and locked.
type target struct {
	Change
	real   string // Path without links
	mode   fs.FileMode
	unlock func()
}

func resolve(c Change) (target, error) {
	t := target{Change: c, real: c.Path, mode: c.Mode, unlock: func() {}}
	if t.mode == 0 {
		t.mode = 0o600
	}
	switch real, err := filepath.EvalSymlinks(c.Path); {
	case err == nil:
		t.real = real
	case !errors.Is(err, fs.ErrNotExist):
		return t, cannot("read", c.Path, err)
	case isLink(c.Path):
		return t, cannot("write", c.Path, errors.New("it is a link to a file that is not there"))
	}
	if c.Lock != "" {
		unlock, err := lock(c.Lock)
		if err != nil {
			return t, err
		}
		t.unlock = unlock
	}
	now, err := os.ReadFile(t.real)
	if errors.Is(err, fs.ErrNotExist) {
		now, err = nil, nil
	}
	if err != nil {
		t.unlock()
		return t, cannot("read", c.Path, err)
	}
	if (now == nil) != (c.Old == nil) || !bytes.Equal(now, c.Old) {
		t.unlock()
		return t, &Error{Code: 1, What: c.Path + " has just been changed by something else", Next: "run the command again"}
	}
	if info, err := os.Stat(t.real); err == nil {
		if !info.Mode().IsRegular() {
			t.unlock()
			return t, cannot("write", c.Path, errors.New("it is not a regular file"))
		}
		t.mode = info.Mode().Perm()
	}
	return t, nil
}

func isLink(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}

func lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, &Error{Code: 1, What: path + " is there: another program is writing the file, or was stopped while it did", Next: "if nothing is, remove it and run the command again"}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return func() {}, nil // no directory, no other writer
	}
	if err != nil {
		return nil, cannot("lock", path, err)
	}
	_ = f.Close()
	return func() { _ = os.Remove(path) }, nil
}

// replace puts the new content into the file's place in one step.
func (t target) replace() error {
	if t.New == nil {
		if err := os.Remove(t.real); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return cannot("remove", t.Path, err)
		}
		return nil
	}
	if err := replaceFile(t.real, t.New, t.mode); err != nil {
		return cannot("write", t.Path, err)
	}
	return nil
}

// replaceFile writes by a temporary file, so that path always holds the old or the
// new, whole.
func replaceFile(path string, data []byte, mode fs.FileMode) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".authlatch-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := f.Chmod(mode); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func cannot(do, path string, err error) error {
	return &Error{Code: 1, What: fmt.Sprintf("cannot %s %s", do, path), Why: reason(err), Err: err}
}

// reason is an error of the system's without the path, which What has.
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}
