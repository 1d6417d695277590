//go:build unix

package main_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// secretFree is the end of every script: no file below dirs has a password, code
// or token in clear. The files that the script brought are its own, and copies
// that it made of a token it removes itself.
func (w *world) secretFree(brought []string, dirs ...string) error {
	for _, dir := range dirs {
		files, err := regularFiles(dir)
		if err != nil {
			return err
		}
		for _, file := range files {
			if slices.Contains(brought, file) {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			found := secretIn(string(text))
			if found == "" {
				found = w.recorded("", string(text))
			}
			if found != "" {
				return fmt.Errorf("a secret is in the file %s: %s", file, found)
			}
		}
	}
	return nil
}

func regularFiles(dir string) (files []string, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	})
	return files, err
}
