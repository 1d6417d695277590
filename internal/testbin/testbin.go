// Package testbin gives tests the product's real programs: every command and
// every flow, side by side in one directory as an installation without libexec
// has them. Only tests import it.
//
// The programs are built once for all test packages, into bin/test of the
// module (bin/test-race with the race detector on), and again only when a
// source has changed. AUTHLATCH_TEST_BIN names a directory to test instead.
package testbin

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/gofrs/flock"
)

// Dir returns the absolute path of the directory with the programs. They and
// the directory have mode 0755.
func Dir(t testing.TB) string {
	t.Helper()
	dir, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// Plain is Dir without the race detector, for tests that start hundreds of
// processes.
func Plain(t testing.TB) string {
	t.Helper()
	dir, err := plain()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// Path returns the absolute path of one program, such as "authlatch".
func Path(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(Dir(t), name+exeSuffix())
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("no such program: %v", err)
	}
	return path
}

var (
	programs = sync.OnceValues(func() (string, error) { return built(raceEnabled) })
	plain    = sync.OnceValues(func() (string, error) { return built(false) })
)

func built(race bool) (string, error) {
	if dir := os.Getenv("AUTHLATCH_TEST_BIN"); dir != "" {
		return given(dir)
	}
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root, "bin", "test")
	if race {
		dir += "-race"
	}
	if err := build(root, dir, race); err != nil {
		return "", err
	}
	return dir, lookAtSources(root)
}

// DependOnSources makes the calling test one that depends on every source of
// the module. The go command otherwise knows only what a test imports, and
// would repeat a cached result where what the test runs has changed.
func DependOnSources(t testing.TB) {
	t.Helper()
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	if err := lookAtSources(root); err != nil {
		t.Fatal(err)
	}
}

// given returns dir as an absolute path, having looked at every program in it:
// the go command reruns a test, instead of repeating its cached result, when a
// file that the test has looked at has changed.
func given(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", fmt.Errorf("AUTHLATCH_TEST_BIN: %w", err)
	}
	for _, e := range entries {
		if _, err := os.Stat(filepath.Join(dir, e.Name())); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// build builds all programs into dir. Test packages run in parallel processes,
// so it holds a lock; where nothing has changed the go command only looks.
func build(root, dir string, race bool) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	lock := flock.New(dir + ".lock")
	if err := lock.Lock(); err != nil {
		return err
	}
	defer func() { _ = lock.Unlock() }()

	packages, err := mains(root)
	if err != nil || len(packages) == 0 {
		return err
	}
	args := []string{"build", "-trimpath", "-buildvcs=false", "-o", dir + string(filepath.Separator)}
	cgo := "CGO_ENABLED=0"
	if race {
		args, cgo = append(args, "-race"), "CGO_ENABLED=1"
	}
	cmd := exec.Command("go", append(args, packages...)...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), cgo)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return closeToOthers(dir)
}

// mains lists the directories that the Makefile builds, as the go command's
// relative package paths.
func mains(root string) ([]string, error) {
	var packages []string
	for _, pattern := range []string{"cmd/*/main.go", "plugins/*/cmd/*/main.go"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return nil, err
		}
		for _, main := range found {
			rel, err := filepath.Rel(root, filepath.Dir(main))
			if err != nil {
				return nil, err
			}
			packages = append(packages, "./"+filepath.ToSlash(rel))
		}
	}
	return packages, nil
}

// closeToOthers takes away what a lax umask has given: a host trusts a flow
// beside it only if nobody else can write it or its directory.
func closeToOthers(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	paths := []string{dir}
	for _, e := range entries {
		paths = append(paths, filepath.Join(dir, e.Name()))
	}
	for _, p := range paths {
		if err := os.Chmod(p, 0o755); err != nil {
			return err
		}
	}
	return nil
}

// lookAtSources opens every directory of sources below root. The go command
// notes what a test opens, for a directory the sizes and times in it.
func lookAtSources(root string) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		name := d.Name()
		if path != root && (strings.HasPrefix(name, ".") || name == "bin" || name == "dist" || name == "node_modules") {
			return fs.SkipDir
		}
		return nil
	})
}

func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("no go.mod above the test's directory")
		}
		dir = parent
	}
}

func exeSuffix() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}
