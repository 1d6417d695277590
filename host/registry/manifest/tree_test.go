package manifest_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/authlatch/authlatch/host/registry/manifest"
)

// tree has main.js and lib/x.js, both empty, and their manifest.
func tree(t *testing.T) (string, *manifest.Manifest) {
	t.Helper()
	dir := t.TempDir()
	m := &manifest.Manifest{Name: "corp", Command: "main.js", Files: []manifest.File{{"lib/x.js", sum}, {"main.js", sum}}}
	for _, name := range []string{"main.js", "lib/x.js", "flow.toml"} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return dir, m
}

func TestCopy(t *testing.T) {
	dir, m := tree(t)
	to := t.TempDir()
	if err := errors.Join(m.Verify(t.Context(), dir, nil), m.Copy(t.Context(), dir, to)); err != nil {
		t.Fatal(err)
	}
	var copied []string
	err := filepath.WalkDir(to, func(path string, d fs.DirEntry, err error) error {
		if !d.IsDir() {
			rel, _ := filepath.Rel(to, path)
			copied = append(copied, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil || len(copied) != 2 || copied[0] != "lib/x.js" || copied[1] != "main.js" {
		t.Errorf("got %v, %v", copied, err)
	}
}

func TestVerify(t *testing.T) {
	dir, m := tree(t)
	if err := os.WriteFile(filepath.Join(dir, "lib", "x.js"), []byte("evil"), 0o600); err != nil {
		t.Fatal(err)
	}
	var changed *manifest.SumError
	err := m.Verify(t.Context(), dir, nil)
	if !errors.As(err, &changed) || changed.Path != filepath.Join(dir, "lib", "x.js") || changed.Want != sum || changed.Got == sum {
		t.Errorf("got %v", err)
	}

	refused, seen := errors.New("refused"), 0
	err = m.Verify(t.Context(), dir, func(string, fs.FileInfo) error { seen++; return refused })
	if !errors.Is(err, refused) || seen != 1 {
		t.Errorf("got %v after %d visits", err, seen)
	}

	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := m.Verify(over, dir, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want cancelled", err)
	}
}
