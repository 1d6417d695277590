package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestMain lets a copy of this binary, with the name of a flow, stand for one.
func TestMain(m *testing.M) {
	if strings.HasPrefix(filepath.Base(os.Args[0]), "authlatch-flow-") {
		_, _ = io.Copy(io.Discard, os.Stdin)
		return
	}
	os.Exit(m.Run())
}

// TestIsolated shows that the demo does not believe a log that lies.
func TestIsolated(t *testing.T) {
	if !systemTells {
		t.Skip("there is no /proc to ask")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{bin: filepath.Dir(self), dir: t.TempDir()}
	name := filepath.Base(self)
	host, err := w.alone(name)
	if err != nil {
		t.Fatal(err)
	}
	flow, other := filepath.Join(w.dir, "authlatch-flow-a"), filepath.Join(w.dir, "authlatch-flow-b")
	copyFile(t, self, flow)
	copyFile(t, self, other)
	child := exec.CommandContext(t.Context(), flow)
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close(); _ = child.Wait() }()

	me := os.Getpid()
	for _, c := range []struct {
		name   string
		pid    int
		path   string // that the log tells
		host   int
		want   string // the flow's file
		reason string // part of the error; "" for none
	}{
		{"a child with a binary of its own", child.Process.Pid, flow, me, flow, ""},
		{"another's child", child.Process.Pid, flow, 1, flow, "its parent is"},
		{"the log names another binary than runs", child.Process.Pid, other, me, other, "its program " + flow},
		{"the log names another binary than is wanted", child.Process.Pid, flow, me, other, "of its own"},
		{"the host itself", me, flow, me, flow, "of its own"},
		{"the host's binary", child.Process.Pid, host, me, host, "of its own"},
		{"no process", 1 << 30, flow, me, flow, "look at the flow's process"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, ok := startedFlow(fmt.Sprintf(`level=DEBUG msg="flow started" flow=a pid=%d path=%s`, c.pid, c.path))
			if !ok {
				t.Fatal("the line was not understood")
			}
			err := f.isolated(c.host, c.want, host)
			if c.reason == "" && err != nil || c.reason != "" && (err == nil || !strings.Contains(err.Error(), c.reason)) {
				t.Errorf("got %v, want %q", err, c.reason)
			}
		})
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, content, 0o700); err != nil { // #nosec G306 -- a program
		t.Fatal(err)
	}
}
