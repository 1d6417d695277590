package sandbox

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// onThread runs f as a launch does and waits for it.
func onThread(f func()) {
	done := make(chan struct{})
	OnThread(func() {
		defer close(done)
		f()
	})
	<-done
}

// The first thread of a process cannot end, so it is never the one to be
// restricted; and none that is lives on.
func TestTheHostIsNotRestricted(t *testing.T) {
	for range 50 {
		onThread(func() {
			if unix.Gettid() == unix.Getpid() {
				t.Error("this is the first thread")
			}
			thread, _ := Enter(Policy{Program: "/bin/true", Dir: t.TempDir()})
			thread.Close()
		})
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\nNoNewPrivs:\t0\n", "\nSeccomp:\t0\n"} {
		if !strings.Contains(string(status), want) {
			t.Errorf("no %q in the first thread's status", want)
		}
	}
}

// What an older kernel does not have is left out and named, and the rest holds.
func TestOlderKernels(t *testing.T) {
	newestHere := probe().abi
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("canary"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		abi     int
		missing []string
	}{
		{0, []string{MissingFiles, MissingPorts, MissingDevices, MissingAbstract, MissingSignals}},
		{1, []string{MissingPorts, MissingDevices, MissingAbstract, MissingSignals}},
		{2, []string{MissingPorts, MissingDevices, MissingAbstract, MissingSignals}},
		{3, []string{MissingPorts, MissingDevices, MissingAbstract, MissingSignals}},
		{4, []string{MissingDevices, MissingAbstract, MissingSignals}},
		{5, []string{MissingAbstract, MissingSignals}},
		{6, []string{MissingSignals}}, // without the fix
		{7, []string{MissingSignals}},
	} {
		if c.abi > newestHere {
			continue
		}
		a := ability{abi: c.abi}
		var h Held
		a.landlockHeld(&h)
		if h.Landlock != c.abi || !slices.Equal(h.Missing, c.missing) {
			t.Errorf("version %d: %+v", c.abi, h)
		}
		if c.abi == 0 {
			continue
		}
		onThread(func() {
			if err := restrict(Policy{Program: "/bin/true", Dir: t.TempDir(), Connect: []int{443}, Listen: []int{8400}}, a); err != nil {
				t.Errorf("version %d: %v", c.abi, err)
			}
			if fd, err := unix.Open(file, unix.O_RDONLY|unix.O_CLOEXEC, 0); !errors.Is(err, unix.EACCES) {
				_ = unix.Close(fd)
				t.Errorf("version %d: a file can be read: %v", c.abi, err)
			}
		})
	}
	var h Held
	ability{seccomp: true}.seccompHeld(&h)
	ability{}.seccompHeld(&h)
	if want := []string{MissingSocketsOf, MissingCalls, MissingSocketsOf}; !slices.Equal(h.Missing, want) {
		t.Errorf("got %q, want %q", h.Missing, want)
	}
}

// A file may be read through a link, as those of many systems are, and nothing
// beside it.
func TestLinksAreFollowed(t *testing.T) {
	if probe().abi == 0 {
		t.Skip("this system has no Landlock")
	}
	dir, other := t.TempDir(), t.TempDir()
	link, target := filepath.Join(dir, "link"), filepath.Join(other, "target")
	err := errors.Join(os.WriteFile(target, nil, 0o600), os.WriteFile(filepath.Join(other, "beside"), nil, 0o600), os.Symlink(target, link))
	if err != nil {
		t.Fatal(err)
	}
	onThread(func() {
		thread, _ := Enter(Policy{Program: "/bin/true", Read: []string{link, "/nonexistent"}, Dir: t.TempDir()})
		defer thread.Close()
		for path, want := range map[string]error{link: nil, target: nil, filepath.Join(other, "beside"): unix.EACCES} {
			fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
			if err == nil {
				_ = unix.Close(fd)
			}
			if !errors.Is(err, want) {
				t.Errorf("%s: got %v, want %v", filepath.Base(path), err, want)
			}
		}
	})
}

func TestScriptAndLoader(t *testing.T) {
	script := filepath.Join(t.TempDir(), "script")
	for text, want := range map[string]string{
		"#!/bin/sh\nexit": "/bin/sh", "#! /usr/bin/env node\n": "/usr/bin/env", "#!sh\n": "", "#!\n": "", "": "", "\x7fELF": "",
	} {
		if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := scriptOf(script); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
		if got := loaderOf(script); got != "" {
			t.Errorf("%q has the loader %q", text, got)
		}
	}
	if got := loaderOf("/bin/sh"); got != "" && !strings.Contains(got, "ld-") {
		t.Errorf("the loader of /bin/sh is %q", got)
	}
}
