//go:build linux || darwin

package launch

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// whenever is far enough away.
func whenever() time.Time { return time.Now().Add(time.Minute) }

// Whatever a flow leaves is removed, with few descriptors, and no link is followed.
func TestRemoveTree(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	if err := errors.Join(os.Mkdir(outside, 0o700), os.WriteFile(filepath.Join(outside, "file"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	for name, fill := range map[string]func(t *testing.T, dir string) error{
		"nothing":       func(*testing.T, string) error { return nil },
		"gone":          func(_ *testing.T, dir string) error { return os.Remove(dir) },
		"deep":          deep,
		"many":          many,
		"closed":        closed,
		"its own names": takenNames,
		"not writable": func(_ *testing.T, dir string) error {
			return errors.Join(os.MkdirAll(filepath.Join(dir, "a", "b"), 0o700), os.WriteFile(filepath.Join(dir, "a", "file"), nil, 0o600),
				os.Symlink(filepath.Join(outside, "file"), filepath.Join(dir, "a", "b", "link")), os.Symlink(filepath.Join(outside, "file"), filepath.Join(dir, "a", "link")),
				os.Chmod(filepath.Join(dir, "a", "b"), 0o500), os.Chmod(filepath.Join(dir, "a"), 0o500))
		},
		"links and FIFOs": func(_ *testing.T, dir string) error {
			return errors.Join(os.Symlink(outside, filepath.Join(dir, "link")), os.Symlink("/nowhere", filepath.Join(dir, "dead")),
				syscall.Mkfifo(filepath.Join(dir, "fifo"), 0), os.MkdirAll(filepath.Join(dir, "a", "b"), 0o700),
				os.Symlink(outside, filepath.Join(dir, "a", "b", "link")), os.Symlink(outside, filepath.Join(dir, "a", "link")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "dir")
			if err := errors.Join(os.Mkdir(dir, 0o700), fill(t, dir)); err != nil {
				t.Fatal(err)
			}
			if !removeTree(dir, whenever()) {
				t.Error("not all is removed")
			}
			if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%v", err)
			}
			if info, err := os.Lstat(filepath.Join(outside, "file")); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("what a link names is gone, or has another mode: %v, %v", info, err)
			}
		})
	}
}

// deep is a chain of directories that is longer than a path may be.
func deep(t *testing.T, dir string) error {
	at, err := unix.Open(dir, unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	for range 3000 {
		if err != nil {
			return err
		}
		if err := unix.Mkdirat(at, "d", 0o700); err != nil {
			return err
		}
		var below int
		below, err = unix.Openat(at, "d", unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		_ = unix.Close(at)
		at = below
	}
	_ = unix.Close(at)
	return err
}

func many(_ *testing.T, dir string) error {
	for i := range 2000 {
		if err := os.WriteFile(filepath.Join(dir, strconv.Itoa(i)), nil, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// closed has directories that their owner may not even list.
func closed(_ *testing.T, dir string) error {
	return errors.Join(os.MkdirAll(filepath.Join(dir, "a", "b", "c"), 0o700), os.WriteFile(filepath.Join(dir, "a", "b", "file"), nil, 0),
		os.Chmod(filepath.Join(dir, "a", "b"), 0), os.Chmod(filepath.Join(dir, "a"), 0))
}

func takenNames(_ *testing.T, dir string) error {
	var errs []error
	for i := range 20 {
		errs = append(errs, os.WriteFile(filepath.Join(dir, "moved-"+strconv.Itoa(i)), nil, 0o600), os.MkdirAll(filepath.Join(dir, "a", strconv.Itoa(i), "x", "y"), 0o700))
	}
	return errors.Join(errs...)
}

// A launch ends when its time is over, whatever is left; the next one sweeps it.
func TestRemovalHasAnEnd(t *testing.T) {
	base := t.TempDir()
	d, err := newPrivateDir(base)
	if err != nil {
		t.Fatal(err)
	}
	if err := many(t, d.path); err != nil {
		t.Fatal(err)
	}
	if removeTree(d.path, time.Now()) {
		t.Error("it is removed after its time")
	}
	if err := d.lock.Close(); err != nil {
		t.Fatal(err)
	}
	next, err := newPrivateDir(base)
	if err != nil {
		t.Fatal(err)
	}
	next.remove()
	if left, err := os.ReadDir(filepath.Dir(d.path)); err != nil || len(left) > 0 && !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v are left, %v", left, err)
	}
}
