package undumpable

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestNotDumpable(t *testing.T) {
	before, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	if err != nil || before == 0 {
		t.Fatalf("dumpable is %d before, %v", before, err)
	}
	t.Cleanup(func() { _ = unix.Prctl(unix.PR_SET_DUMPABLE, uintptr(before), 0, 0, 0) })
	Self()
	if after, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); err != nil || after != 0 {
		t.Errorf("dumpable is %d, %v", after, err)
	}
}

// Every program that can hold a token calls it, before it reads anything.
func TestEveryProgramIsNotDumpable(t *testing.T) {
	mains, err := filepath.Glob("../../cmd/*/main.go")
	if err != nil || len(mains) < 3 {
		t.Fatalf("%d programs, %v", len(mains), err)
	}
	for _, path := range mains {
		if filepath.Base(filepath.Dir(path)) == "entra-emulator" {
			continue // its tokens are worth nothing
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, body, ok := strings.Cut(string(text), "\nfunc main() {\n")
		body = strings.TrimPrefix(body, "\tcloexec.All()\n") // for descriptors
		if !ok || !strings.HasPrefix(body, "\tundumpable.Self()\n") {
			t.Errorf("%s does not call undumpable.Self first of all", path)
		}
	}
}
