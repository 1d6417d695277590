package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// makeDir makes the store's directory if need be and checks it.
func makeDir(dir string) error {
	err := checkDir(dir)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := mayCreate(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return checkDir(dir)
}

// file is what writeFiles puts at path.
type file struct {
	path string
	data []byte
	// modified is kept as the file's time; zero is now.
	modified time.Time
}

// writeFile is writeFiles of one.
func writeFile(path string, data []byte) error {
	return writeFiles([]file{{path: path, data: data}}, inOrder)[0]
}

// writeFiles puts each file in its place, durably and at once: a reader, or a
// machine that loses power, sees what was there before or all of the data. They
// get to the disk together and are renamed in their order, so that of those which
// a killed process has left behind none depends on one that it has not.
func writeFiles(files []file, each func(int, func(int))) []error {
	errs := make([]error, len(files))
	temps := make([]string, len(files))
	each(len(files), func(i int) { temps[i], errs[i] = writeTemp(files[i]) })
	var dirs []string
	at := map[string]int{}
	need := func(dir string) {
		if _, ok := at[dir]; !ok {
			at[dir] = len(dirs)
			dirs = append(dirs, dir)
		}
	}
	for i, f := range files {
		if errs[i] != nil {
			continue
		}
		if errs[i] = os.Rename(temps[i], f.path); errs[i] != nil {
			_ = os.Remove(temps[i]) // or Accounts sweeps it
			continue
		}
		need(filepath.Dir(f.path))
		need(filepath.Dir(filepath.Dir(f.path))) // which may have got a directory just now
	}
	// What follows cannot be undone: the new content is in place, and only not
	// known to be durable.
	synced := make([]error, len(dirs))
	each(len(dirs), func(i int) { synced[i] = syncDir(dirs[i]) })
	for i, f := range files {
		if errs[i] == nil {
			dir := filepath.Dir(f.path)
			errs[i] = errors.Join(synced[at[dir]], synced[at[filepath.Dir(dir)]])
		}
	}
	return errs
}

// writeTemp writes a file beside its place and waits until it is on disk.
func writeTemp(f file) (temp string, err error) {
	dir := filepath.Dir(f.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	t, err := os.CreateTemp(dir, tempPrefix) // mode 0600
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			t.Close()
			_ = os.Remove(t.Name()) // or Accounts sweeps it
		}
	}()
	if _, err := t.Write(f.data); err != nil {
		return "", err
	}
	if !f.modified.IsZero() {
		if err := os.Chtimes(t.Name(), f.modified, f.modified); err != nil {
			return "", err
		}
	}
	if err := t.Sync(); err != nil {
		return "", err
	}
	return t.Name(), t.Close()
}

// atOnce calls do for every number below n at the same time.
func atOnce(n int, do func(int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { do(i) })
	}
	all.Wait()
}

// inOrder calls do for one number below n after the other.
func inOrder(n int, do func(int)) {
	for i := range n {
		do(i)
	}
}
