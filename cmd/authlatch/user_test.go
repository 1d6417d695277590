//go:build unix

package main_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/authlatch/authlatch/internal/testbin"
)

// installation is authlatch with the hostile flows beside it.
type installation struct{ dir, flows string }

func newInstallation(t *testing.T) *installation {
	t.Helper()
	dir := t.TempDir()
	i := &installation{dir: dir, flows: filepath.Join(dir, "launch.test")}
	build := exec.Command("go", "test", "-c", "-o", i.flows, "github.com/authlatch/authlatch/host/launch")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the hostile flows: %v\n%s", err, out)
	}
	binary, err := os.ReadFile(testbin.Path(t, "authlatch"))
	err = errors.Join(err, os.Chmod(dir, 0o755), os.Chmod(i.flows, 0o755))
	if err = errors.Join(err, os.WriteFile(filepath.Join(dir, "authlatch"), binary, 0o755)); err != nil {
		t.Fatal(err)
	}
	return i
}

// again is the same in another directory.
func (i *installation) again(t *testing.T) *installation {
	t.Helper()
	dir := t.TempDir()
	j := &installation{dir: dir, flows: filepath.Join(dir, "launch.test")}
	if err := errors.Join(os.Chmod(dir, 0o755), os.Link(i.flows, j.flows), os.Link(filepath.Join(i.dir, "authlatch"), filepath.Join(dir, "authlatch"))); err != nil {
		t.Fatal(err)
	}
	return j
}

// user is somebody with a home, a config and a terminal of their own.
type user struct {
	program string
	env     []string
	temp    string
	silent  bool // types nothing

	mu    sync.Mutex
	shown bytes.Buffer
	typed int
}

// with is a user whose only profile has these flows.
func (i *installation) with(t *testing.T, flow, profile string, more ...string) *user {
	t.Helper()
	quoted := ""
	for _, name := range append([]string{flow}, more...) {
		quoted += strconv.Quote(name) + ","
		link := filepath.Join(i.dir, "authlatch-flow-"+name)
		if err := os.Link(i.flows, link); err != nil && !os.IsExist(err) {
			t.Fatal(err)
		}
	}
	home, err := os.MkdirTemp("", "al") // short, for sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	config := fmt.Sprintf("version = 1\ndefault_profile = \"p\"\n[profiles.p]\nauthority = \"https://localhost:1\"\ntenant = \"contoso.example\"\n"+
		"client_id = \"a0717a7c-0000-4000-8000-0000000000c1\"\nflows = [%s]\n%s\n", quoted, profile)
	if err := os.WriteFile(filepath.Join(home, "config.toml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return &user{program: filepath.Join(i.dir, "authlatch"), temp: home, env: []string{
		"PATH=/usr/bin:/bin", "HOME=" + home, "TMPDIR=" + home, "TERM=xterm", "LANG=C.UTF-8", "BROWSER=true",
		"AUTHLATCH_CONFIG=" + filepath.Join(home, "config.toml"), "AUTHLATCH_STORE_DIR=" + filepath.Join(home, "store"), "AUTHLATCH_STORE_KEY=file",
	}}
}

// Write is the screen's, which the user reads: they answer what is asked.
func (u *user) Write(p []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.shown.Write(p)
}

func (u *user) screen() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.shown.String()
}

// asked reports how often the screen has shown a question.
func (u *user) asked() int { return strings.Count(u.screen(), "one-time code: ") }

// run returns after the program has ended.
func (u *user) run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	var out, log bytes.Buffer
	cmd := exec.Command(u.program, append(args, "--log-level", "debug")...)
	cmd.Env, cmd.Dir = u.env, u.temp
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, &out, &log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	var reading sync.WaitGroup
	reading.Go(func() {
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			_, _ = u.Write(buf[:n])
			for ; !u.silent && u.typed < u.asked(); u.typed++ {
				_, _ = io.WriteString(master, "1\n")
			}
			if err != nil {
				return
			}
		}
	})
	late := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() }) // nothing depends on it
	err = cmd.Run()
	late.Stop()
	_ = slave.Close()
	_ = master.SetReadDeadline(time.Now().Add(time.Second))
	reading.Wait()
	_ = master.Close()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), log.String()
}
