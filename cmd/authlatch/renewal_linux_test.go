package main_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/authlatch/authlatch/emulator"
	"github.com/authlatch/authlatch/internal/testbin"
)

// renewing is a home in which alice has a token that is due, at a provider that
// does not answer renewals.
type renewing struct {
	t       *testing.T
	server  *emulator.Server
	bin     string
	profile string
	env     []string
}

func newRenewing(t *testing.T) *renewing {
	t.Helper()
	server, err := emulator.Start(emulator.Options{RefreshIn: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	dir := t.TempDir()
	// The directories of sockets are short-named, and so is this.
	temp, err := os.MkdirTemp("", "al")
	if err != nil {
		t.Fatal(err)
	}
	r := &renewing{t: t, server: server, bin: testbin.Dir(t), profile: fmt.Sprintf("renewing-%d", os.Getpid())}
	t.Cleanup(func() {
		r.wait("the end of all renewers", func() bool { return len(r.renewers()) == 0 })
		_ = os.RemoveAll(temp)
	})
	config := os.Expand(strings.ReplaceAll(baseConfig+baseProfile, "NAME", "password")+"username = \"alice@contoso.example\"\n", func(name string) string {
		return map[string]string{"URL": server.URL(), "WORK": dir, "CONTOSO": emulator.ContosoTenant}[name]
	})
	config = strings.Replace(strings.Replace(config, "profiles.password", "profiles."+r.profile, 1), `default_profile = "password"`, "", 1)
	for name, content := range map[string][]byte{"config.toml": []byte(config), "ca.pem": server.CAPEM()} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r.env = []string{
		"HOME=" + dir, "TMPDIR=" + temp, "PATH=" + os.Getenv("PATH"), "AUTHLATCH_CONFIG=" + filepath.Join(dir, "config.toml"),
		"AUTHLATCH_STORE_DIR=" + filepath.Join(dir, "store"), "AUTHLATCH_STORE_KEY=file", "AUTHLATCH_PROFILE=" + r.profile,
	}
	login := r.command("authlatch", "token", "--resource", "6dae42f8-4368-4678-94ff-3960e28e3630")
	login.Env = append(login.Env, "AZURE_PASSWORD=not-a-secret-alice")
	if out, err := login.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	server.AddFault(emulator.Fault{Endpoint: emulator.EndpointToken, Grant: "refresh_token", Kind: emulator.FaultStatus503, Delay: time.Hour})
	return r
}

func (r *renewing) command(program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(r.t.Context(), filepath.Join(r.bin, program), args...)
	cmd.Env = append([]string{}, r.env...)
	return cmd
}

// helper gets the token as kubectl does, and returns when the streams of the
// helper are at their end: also of those to whom it passed them on.
func (r *renewing) helper() {
	r.t.Helper()
	cmd := r.command("kubectl-authlatch", "get-token", "-p", r.profile)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil || !strings.Contains(stdout.String(), `"token":"eyJ`) || stderr.Len() > 0 {
		r.t.Errorf("%v, stdout of %d bytes, stderr %q", err, stdout.Len(), stderr.String())
	}
}

// renewers are the processes that renew, by pid.
func (r *renewing) renewers() (all []int) {
	processes, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range processes {
		cmdline, err := os.ReadFile(filepath.Join(p, "cmdline"))
		if err != nil || !strings.Contains(string(cmdline), "helper-renew\x00") || !strings.Contains(string(cmdline), r.profile) {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(p))
		all = append(all, pid)
	}
	return all
}

// wait waits for something that other processes do.
func (r *renewing) wait(what string, done func() bool) {
	r.t.Helper()
	for range 600 {
		if done() {
			return
		}
		time.Sleep(20 * time.Millisecond) // the programs' clock is the real one
	}
	r.t.Fatalf("%s: never", what)
}

// Fifty helpers at once get the token at once; one renewer is left, in a session
// of its own, and nobody's pipe is held by it.
func TestARenewalHoldsNobody(t *testing.T) {
	r := newRenewing(t)
	r.wait("the renewal", func() bool { r.helper(); return len(r.renewers()) > 0 })
	renewer := r.renewers()
	if len(renewer) != 1 {
		t.Fatalf("renewers: %v", renewer)
	}
	t.Cleanup(func() { _ = unix.Kill(renewer[0], unix.SIGKILL) })

	var all sync.WaitGroup
	for range 50 {
		all.Go(r.helper)
	}
	all.Wait()
	if now := r.renewers(); len(now) != 1 || now[0] != renewer[0] {
		t.Fatalf("renewers: %v, and before: %v", now, renewer)
	}
	sid, err := unix.Getsid(renewer[0])
	if err != nil || sid != renewer[0] {
		t.Errorf("session %d of %d, %v", sid, renewer[0], err)
	}
	for fd := range 3 {
		path := fmt.Sprintf("/proc/%d/fd/%d", renewer[0], fd)
		if to, err := os.Readlink(path); err == nil && to != os.DevNull { // only root may look
			t.Errorf("descriptor %d is %s", fd, to)
		}
	}

	// It is killed: the flow that it has started goes with it, the token is handed
	// out as before, and the next renewal begins after the pause.
	if err := unix.Kill(renewer[0], unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	r.wait("its end", func() bool { return len(r.renewers()) == 0 })
	r.helper()
	if now := r.renewers(); len(now) > 0 {
		t.Errorf("renewers within the pause: %v", now)
	}
	out, err := r.command("authlatch", "status").Output()
	if err != nil || !strings.Contains(string(out), "renewal") {
		t.Errorf("status: %v\n%s", err, out)
	}
}

// A renewer needs nothing of where it was started, and ends with the token in the
// store.
func TestARenewerFindsItsWay(t *testing.T) {
	r := newRenewing(t)
	r.server.ClearFaults()
	for i, e := range r.env {
		if path, ok := strings.CutPrefix(e, "AUTHLATCH_CONFIG="); ok {
			r.env = append(r.env[:i:i], r.env[i+1:]...)
			t.Chdir(filepath.Dir(path))
			break
		}
	}
	r.wait("the renewal", func() bool {
		cmd := r.command("kubectl-authlatch", "get-token", "-p", r.profile, "--config", "config.toml")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return r.server.Counters().Issued["refresh_token"] > 0
	})
	r.wait("its end", func() bool { return len(r.renewers()) == 0 })
	if n := r.server.Counters().Token["password"]; n != 1 {
		t.Errorf("%d sign-ins", n)
	}
}
