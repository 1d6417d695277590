//go:build unix

package main_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// condition knows "mounts" (a program may have mounts of its own), "desktop" (there
// may be a bus with a GNOME Keyring) and "root".
func condition(name string) (bool, error) {
	switch name {
	case "mounts":
		if err := exec.Command("unshare", "-rm", "mount", "-t", "tmpfs", "none", os.TempDir()).Run(); err != nil && os.Getenv("CI") == "" {
			return false, nil
		}
		return true, nil
	case "desktop":
		return hasDesktop(), nil
	case "root":
		return os.Geteuid() == 0, nil
	}
	return false, &os.PathError{Op: "condition", Path: name, Err: os.ErrInvalid}
}

// warned is "warned PATTERN": the call before has given one warning of the
// store, and it is this one.
func warned(ts *testscript.TestScript, _ bool, args []string) {
	pattern := regexp.MustCompile(args[0])
	found := 0
	for line := range strings.Lines(ts.ReadFile("stderr")) {
		text, ok := strings.CutPrefix(line, "authlatch: warning: ")
		if !ok || strings.Contains(text, "password") && !strings.Contains(text, "store") {
			continue
		}
		found++
		if !pattern.MatchString(text) {
			ts.Fatalf("warned of something else: %s", text)
		}
	}
	if found != 1 {
		ts.Fatalf("%d warnings, not one:\n%s", found, ts.ReadFile("stderr"))
	}
}
