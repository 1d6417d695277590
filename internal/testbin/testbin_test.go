package testbin

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// fakeModule has one command, one flow and a directory that is no program.
func fakeModule(t *testing.T) string {
	root := t.TempDir()
	program := "package main\n\nfunc main() { println(\"first\") }\n"
	for name, text := range map[string]string{
		"go.mod":                  "module example.test/fake\n\ngo 1.26\n",
		"cmd/latch/main.go":       program,
		"cmd/internal/lib.go":     "package internal\n",
		"plugins/x/x.go":          "package x\n",
		"plugins/x/cmd/f/main.go": program,
	} {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestBuild(t *testing.T) {
	root := fakeModule(t)
	dir := filepath.Join(root, "bin", "test")

	t.Run("puts commands and flows side by side", func(t *testing.T) {
		if err := build(root, dir, raceEnabled); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"latch", "f"} {
			if out := run(t, filepath.Join(dir, name+exeSuffix())); out != "first\n" {
				t.Errorf("%s printed %q", name, out)
			}
		}
	})

	t.Run("lets nobody else write", func(t *testing.T) {
		if runtime.GOOS == "windows" {
			t.Log("Windows has no such modes")
			return
		}
		program := filepath.Join(dir, "f")
		for _, path := range []string{dir, program} {
			if err := os.Chmod(path, 0o777); err != nil {
				t.Fatal(err)
			}
		}
		if err := build(root, dir, raceEnabled); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{dir, program} {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if mode := info.Mode().Perm(); mode != 0o755 {
				t.Errorf("%s has mode %v", path, mode)
			}
		}
	})

	t.Run("follows the sources", func(t *testing.T) {
		second := []byte("package main\n\nfunc main() { println(\"second\") }\n")
		if err := os.WriteFile(filepath.Join(root, "cmd", "latch", "main.go"), second, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := build(root, dir, raceEnabled); err != nil {
			t.Fatal(err)
		}
		if out := run(t, filepath.Join(dir, "latch"+exeSuffix())); out != "second\n" {
			t.Errorf("printed %q", out)
		}
	})

	t.Run("shows what does not compile", func(t *testing.T) {
		if err := os.WriteFile(filepath.Join(root, "cmd", "latch", "main.go"), []byte("package main\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := build(root, dir, raceEnabled); err == nil {
			t.Error("no error")
		}
	})
}

func TestGivenDirectory(t *testing.T) {
	dir := t.TempDir()
	got, err := given(dir)
	if err != nil || got != dir {
		t.Errorf("given(%q) = %q, %v", dir, got, err)
	}
	if _, err := given(filepath.Join(dir, "absent")); err == nil {
		t.Error("an absent directory is no error")
	}
}

func TestPrograms(t *testing.T) {
	entries, err := os.ReadDir(Dir(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		t.Log(Path(t, e.Name()))
	}
}

func run(t *testing.T, program string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}
