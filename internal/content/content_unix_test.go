//go:build unix

package content_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/authlatch/authlatch/internal/content"
)

func TestOpenOnlyFiles(t *testing.T) {
	dir := t.TempDir()
	link, fifo := filepath.Join(dir, "link"), filepath.Join(dir, "fifo")
	if err := errors.Join(os.Symlink(filepath.Join(dir, "fifo"), link), syscall.Mkfifo(fifo, 0o600)); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]error{
		link: content.ErrLink, fifo: content.ErrNotRegular, dir: content.ErrNotRegular, os.DevNull: content.ErrNotRegular,
	} {
		if f, _, err := content.Open(path); !errors.Is(err, want) || f != nil {
			t.Errorf("%s: got %v, want %v", path, err, want)
		}
	}
}
