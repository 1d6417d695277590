package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/store"
	"github.com/authlatch/authlatch/host/store/keys"
)

// TestMain is also the command itself.
func TestMain(m *testing.M) {
	if os.Getenv("RUN_KUBECTL_AUTHLATCH") != "" {
		main()
	}
	os.Exit(m.Run())
}

const scope = "6dae42f8-4368-4678-94ff-3960e28e3630/.default"

// home is a home directory with a config and a store.
type home struct{ dir string }

func newHome(t *testing.T) home {
	t.Helper()
	h := home{t.TempDir()}
	path := h.env("AUTHLATCH_CONFIG")
	text := "version = 1\n[profiles.work]\ntenant = \"contoso.com\"\n[store]\nkey = \"file\"\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
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

// keep puts n tokens into the store, one of them for AKS.
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

func (h home) command(t *testing.T, name string, args ...string) (cmd *exec.Cmd, stdout, stderr *bytes.Buffer) {
	t.Helper()
	cmd = exec.CommandContext(t.Context(), name, args...)
	cmd.Env = []string{
		"RUN_KUBECTL_AUTHLATCH=1", "AUTHLATCH_CONFIG=" + h.env("AUTHLATCH_CONFIG"), "AUTHLATCH_STORE_DIR=" + h.env("AUTHLATCH_STORE_DIR"),
		`KUBERNETES_EXEC_INFO={"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":false}}`,
	}
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	return cmd, stdout, stderr
}

func TestAProcessAnswersFromTheStore(t *testing.T) {
	h := newHome(t)
	h.keep(t, 1)
	cmd, stdout, stderr := h.command(t, os.Args[0], "get-token", "--profile", "work")
	if err := cmd.Run(); err != nil || stderr.Len() > 0 {
		t.Fatalf("%v %s", err, stderr)
	}
	var answer struct {
		Kind   string
		Status struct{ Token string }
	}
	if err := json.Unmarshal(stdout.Bytes(), &answer); err != nil || answer.Kind != "ExecCredential" || answer.Status.Token != "tok" {
		t.Errorf("%v %s", err, stdout)
	}
}

func TestAMissWithoutAuthlatchIsOneClearError(t *testing.T) {
	h := newHome(t)
	cmd, stdout, stderr := h.command(t, os.Args[0], "get-token")
	err := cmd.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || stdout.Len() > 0 || !strings.HasPrefix(stderr.String(), "kubectl-authlatch: authlatch is not beside this program") {
		t.Errorf("%v, %q, %q", err, stdout, stderr)
	}
}

// The warm path is counted, not believed: it opens the config, the key file and
// one entry, locks and writes nothing, whatever the number of entries.
func TestWarmSystemCalls(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("strace is Linux's")
	}
	strace, err := exec.LookPath("strace")
	if err != nil {
		skip(t, "install strace to count the warm path's system calls")
	}
	trace := func(h home) (calls []string) {
		t.Helper()
		log := filepath.Join(h.dir, "log")
		cmd, _, stderr := h.command(t, strace, "-f", "-qq", "-o", log, "-e", "trace=%file,read,write,flock,fsync,fcntl,keyctl,socket,execve,getdents64", os.Args[0], "get-token")
		if err := cmd.Run(); err != nil {
			skip(t, fmt.Sprintf("strace cannot trace here: %v %s", err, stderr))
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
		for line := range strings.Lines(string(text)) {
			if !strings.Contains(line, "resumed>") && strings.Contains(line, h.dir) {
				calls = append(calls, line)
			}
		}
		return calls
	}
	var counts []string
	for _, entries := range []int{1, 200} {
		h := newHome(t)
		h.keep(t, entries)
		calls, files := trace(h), []string{}
		for _, line := range calls {
			if strings.Contains(line, "openat(") {
				files = append(files, strings.Split(line, `"`)[1])
			}
			if strings.Contains(line, "O_WRONLY") || strings.Contains(line, "O_RDWR") || strings.Contains(line, "mkdir") || strings.Contains(line, "utime") {
				t.Errorf("writes: %s", line)
			}
		}
		if len(files) != 3 || files[0] != h.env("AUTHLATCH_CONFIG") || !slices.ContainsFunc(files, func(f string) bool { return filepath.Base(f) == "key" }) {
			t.Errorf("opened %q", files)
		}
		counts = append(counts, fmt.Sprint(len(calls), " calls on ", len(files), " files"))

		// The first use in minutes costs one more, that notes it; the next none.
		long := time.Now().Add(-time.Hour)
		if err := os.Chtimes(files[1], time.Time{}, long); err != nil {
			t.Fatal(err)
		}
		if n := len(trace(h)) - len(calls); n != 1 {
			t.Errorf("noting the use takes %d calls", n)
		}
		if n := len(trace(h)) - len(calls); n != 0 {
			t.Errorf("the next use takes %d calls more", n)
		}
	}
	if counts[0] != counts[1] {
		t.Errorf("with 1 entry %s, with 200 %s", counts[0], counts[1])
	}
	t.Log(counts[0])
}

// skip skips what a machine cannot show, except where everything is installed.
func skip(t *testing.T, missing string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(missing)
	}
	t.Skip(missing)
}
