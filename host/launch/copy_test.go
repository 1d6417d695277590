//go:build unix

package launch

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/authlatch/authlatch/internal/content"
)

// Where content without a name cannot be executed, a private copy is.
func TestCopyExecutable(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	src, _, err := content.Open(self)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = src.Close() }()
	want, _, err := content.SumFile(t.Context(), self, content.MaxExecutable)
	if err != nil {
		t.Fatal(err)
	}
	i := &image{}
	sum, err := i.copyExecutable(t.Context(), src, t.TempDir())
	if err != nil || sum != want {
		t.Fatalf("got %s, %v, want %s", sum, err, want)
	}
	if info, err := os.Stat(filepath.Dir(i.path)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("its directory is not private: %v, %v", info.Mode(), err)
	}
	if info, err := os.Stat(i.path); err != nil || info.Mode().Perm() != 0o500 {
		t.Errorf("it is not read-only: %v, %v", info.Mode(), err)
	}
	if out, err := exec.CommandContext(t.Context(), i.path, "-test.run=^$").CombinedOutput(); err != nil {
		t.Errorf("it does not run: %v: %s", err, out)
	}
	i.remove()
	if _, err := os.Stat(i.path); !os.IsNotExist(err) {
		t.Errorf("it is left: %v", err)
	}
}
