package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/store"
	"github.com/authlatch/authlatch/host/store/keys"
)

// TestMain is also the command itself.
func TestMain(m *testing.M) {
	if os.Getenv("RUN_GIT_CREDENTIAL_AUTHLATCH") != "" {
		main()
	}
	os.Exit(m.Run())
}

const (
	scope   = "499b84ac-1321-427f-aa17-267ca6975798/.default"
	message = "protocol=https\nhost=dev.azure.com\n\n"
)

// home is a home directory with a config and a store.
type home struct{ dir string }

func newHome(t *testing.T) home {
	t.Helper()
	h := home{t.TempDir()}
	text := "version = 1\n[profiles.work]\ntenant = \"contoso.com\"\n[store]\nkey = \"file\"\n[[rule]]\nhost = \"dev.azure.com/contoso\"\nprofile = \"work\"\n"
	if err := os.WriteFile(h.env("AUTHLATCH_CONFIG"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h home) env(name string) string {
	switch name {
	case "AUTHLATCH_CONFIG":
		return filepath.Join(h.dir, "config.toml")
	case "AUTHLATCH_STORE_DIR":
		return filepath.Join(h.dir, "store")
	}
	return ""
}

// keep puts n tokens into the store, one of them for Azure DevOps.
func (h home) keep(t *testing.T, n int) {
	t.Helper()
	f, err := config.Load("", h.env)
	if err != nil {
		t.Fatal(err)
	}
	settings, err := config.Resolve(f, config.Flags{}, h.env)
	if err != nil {
		t.Fatal(err)
	}
	o := keys.Cheap(settings.Store.Key, settings.Store.KeyFile).Options(settings.Store.Dir)
	o.Warn = func(w string) { t.Error(w) }
	s := store.Open(o)
	for i := range n {
		k := settings.TokenKey([]string{fmt.Sprintf("api://x%d/.default", i)}, "")
		if i == 0 {
			k.Scopes = []string{scope}
		}
		s.PutToken(k, store.Token{Secret: store.NewSecret("tok"), ExpiresOn: time.Now().Add(time.Hour)})
	}
}

// run is one call; name runs it, which may be a program that watches.
func (h home) run(t *testing.T, input, name string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = []string{
		"RUN_GIT_CREDENTIAL_AUTHLATCH=1", "AUTHLATCH_CONFIG=" + h.env("AUTHLATCH_CONFIG"), "AUTHLATCH_STORE_DIR=" + h.env("AUTHLATCH_STORE_DIR"),
	}
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &out, &errs
	err := cmd.Run()
	if exit := (&exec.ExitError{}); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

func TestAProcessAnswersFromTheStore(t *testing.T) {
	h := newHome(t)
	h.keep(t, 1)
	code, stdout, stderr := h.run(t, message, os.Args[0], "get")
	if code != 0 || stderr != "" || !strings.Contains(stdout, "\npassword=tok\n") {
		t.Errorf("%d %q %q", code, stdout, stderr)
	}
	for _, args := range [][]string{{"store"}, {"erase"}} {
		if code, stdout, stderr := h.run(t, message+"ignored", os.Args[0], args...); code != 0 || stdout+stderr != "" {
			t.Errorf("%q: %d %q %q", args, code, stdout, stderr)
		}
	}
	if code, stdout, stderr := h.run(t, message, os.Args[0], "get"); code == 0 || stdout != "" || stderr == "" {
		t.Errorf("after erase: %d %q %q", code, stdout, stderr)
	}
}

func TestAMissWithoutAuthlatchIsOneClearError(t *testing.T) {
	code, stdout, stderr := newHome(t).run(t, message, os.Args[0], "get")
	if code != 1 || stdout != "" || !strings.HasPrefix(stderr, "git-credential-authlatch: authlatch is not beside this program") {
		t.Errorf("%d %q %q", code, stdout, stderr)
	}
}

// git must never get a broken pipe, however much it writes and whatever of it.
func TestTheWholeInputIsRead(t *testing.T) {
	h := newHome(t)
	much := strings.Repeat("x=y\n", 1<<20)
	for _, operation := range []string{"get", "store", "erase", "later"} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], operation)
		cmd.Env = []string{"RUN_GIT_CREDENTIAL_AUTHLATCH=1", "AUTHLATCH_CONFIG=" + h.env("AUTHLATCH_CONFIG")}
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{message, "\r\x00\n", much} {
			if _, err := in.Write([]byte(part)); err != nil {
				t.Errorf("%s: %v", operation, err)
			}
		}
		if err := in.Close(); err != nil {
			t.Error(err)
		}
		_ = cmd.Wait() // too much is told by get and erase
	}
}

// The warm path is counted: the config, the key file and one entry, opened once
// each whatever the number of entries; nothing is locked, written or started. Of a
// host that is not ours the store is not looked at, either.
func TestWarmSystemCalls(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("strace is Linux's")
	}
	strace, err := exec.LookPath("strace")
	if err != nil {
		skip(t, "install strace to count the warm path's system calls")
	}
	trace := func(h home, input string) (files []string, calls int) {
		t.Helper()
		log := filepath.Join(h.dir, "log")
		code, _, stderr := h.run(t, input, strace, "-f", "-qq", "-o", log, "-e", "trace=%file,flock,fsync,socket,execve,getdents64", os.Args[0], "get")
		if code != 0 {
			skip(t, "strace cannot trace here: "+stderr)
		}
		text, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"flock(", "fsync(", "socket(", "getdents64("} {
			if strings.Contains(string(text), word) {
				t.Errorf("there is a %s", word)
			}
		}
		if n := strings.Count(string(text), "execve("); n > 1 {
			t.Errorf("%d programs were started", n)
		}
		for line := range strings.Lines(string(text)) {
			if strings.Contains(line, "resumed>") || !strings.Contains(line, h.dir) {
				continue
			}
			calls++
			if strings.Contains(line, "openat(") {
				files = append(files, filepath.Base(strings.Split(line, `"`)[1]))
			}
			if strings.Contains(line, "O_WRONLY") || strings.Contains(line, "O_RDWR") || strings.Contains(line, "mkdir") || strings.Contains(line, "utime") {
				t.Errorf("writes: %s", line)
			}
		}
		return files, calls
	}
	counts := map[int]bool{}
	for _, entries := range []int{1, 200} {
		h := newHome(t)
		h.keep(t, entries)
		files, calls := trace(h, message)
		counts[calls] = true
		if len(files) != 3 || files[0] != "config.toml" {
			t.Errorf("opened %q", files)
		}
		if files, _ := trace(h, "protocol=https\nhost=github.com\n\n"); len(files) != 1 {
			t.Errorf("for another host opened %q", files)
		}
	}
	if len(counts) != 1 {
		t.Errorf("calls depend on the number of entries: %v", counts)
	}
}

// skip skips what a machine cannot show, except where everything is installed.
func skip(t *testing.T, missing string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(missing)
	}
	t.Skip(missing)
}
