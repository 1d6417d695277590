//go:build linux

package kubectl_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/authlatch/authlatch/emulator"
	"github.com/authlatch/authlatch/emulator/person"
	"github.com/authlatch/authlatch/internal/testbin"
)

// patience is how long anything may take before the test is given up.
const patience = 2 * time.Minute

// world is an emulator that is a cluster, and a home.
type world struct {
	*emulator.Server
	t        *testing.T
	dir, bin string
	kubectl  string
	environ  []string
}

// findKubectl finds one that knows v1 of the exec protocol: make's own first.
func findKubectl(t *testing.T) string {
	t.Helper()
	own, err := filepath.Abs(filepath.Join("..", "..", "..", "bin", "tools", "kubectl"))
	if err == nil {
		if _, err := os.Stat(own); err == nil {
			return own
		}
	}
	path, err := exec.LookPath("kubectl")
	if err != nil {
		t.Fatal("kubectl is not here; run: make bin/tools/kubectl")
	}
	return path
}

// newWorld starts the cluster. The kubeconfig is as az and kubelogin leave it.
func newWorld(t *testing.T, opts emulator.Options, flow string) *world {
	t.Helper()
	if os.Getenv("AUTHLATCH_E2E") == "" {
		t.Skip("needs other people's programs: make e2e runs it")
	}
	opts.DeviceCodeInterval = time.Second
	server, err := emulator.Start(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	temp, err := os.MkdirTemp("", "al") // short, for sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(temp) })
	w := &world{Server: server, t: t, dir: t.TempDir(), bin: testbin.Plain(t), kubectl: findKubectl(t)}
	w.write("ca.pem", string(server.CAPEM()))
	w.write("config.toml", fmt.Sprintf(`version = 1
[profiles.work]
authority = %q
tenant = %q
client_id = %q
ca_file = "ca.pem"
disable_instance_discovery = true
flows = [%q]
servers = [%q]
[store]
key = "file"
`, server.URL(), emulator.ContosoTenant, emulator.OwnClient, flow, server.URL()+"/k8s"))
	w.write(".kube/config", fmt.Sprintf(`# of the team
apiVersion: v1
kind: Config
current-context: prod
clusters:
- name: prod
  cluster: {server: %q, certificate-authority: %q}
contexts:
- name: prod
  context: {cluster: prod, user: clusterUser_rg_prod}
users:
- name: clusterUser_rg_prod
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      args: [get-token, --login, devicecode, --authority-host, %q, --server-id, %q, --client-id, %q, --tenant-id, %q]
      command: kubelogin
      env: null
      provideClusterInfo: false
`, server.URL()+"/k8s", w.path("ca.pem"), server.URL()+"/", emulator.AKSServer, emulator.OwnClient, emulator.ContosoTenant))
	w.environ = []string{
		"HOME=" + w.dir, "PATH=" + w.bin + ":/usr/bin:/bin", "TMPDIR=" + temp, "TERM=xterm", "LANG=C.UTF-8",
		"AUTHLATCH_CONFIG=" + w.path("config.toml"), "AUTHLATCH_STORE_DIR=" + w.path("store"), "AUTHLATCH_STORE_KEY=file",
		"KUBECONFIG=" + w.path(".kube/config"),
	}
	return w
}

func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

func (w *world) write(name, text string) {
	w.t.Helper()
	if err := os.MkdirAll(filepath.Dir(w.path(name)), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(w.path(name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) read(name string) string {
	w.t.Helper()
	b, err := os.ReadFile(w.path(name))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(b)
}

// try runs a program without a terminal.
func (w *world) try(stdin, path string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env, cmd.Dir, cmd.Stdin = w.environ, w.dir, strings.NewReader(stdin)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // the tester's terminal is none of its business
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (w *world) run(path string, args ...string) string {
	w.t.Helper()
	out, err := w.try("", path, args...)
	if err != nil {
		w.t.Fatalf("%s %s: %v\n%s", filepath.Base(path), strings.Join(args, " "), err, out)
	}
	return out
}

// signIn is the person's at another time.
func (w *world) signIn(more ...string) {
	w.t.Helper()
	user := emulator.DefaultUsers()[0]
	out, err := w.try(user.Password+"\n", filepath.Join(w.bin, "authlatch"), append([]string{"login", "--username", user.Username, "--password-stdin"}, more...)...)
	if err != nil {
		w.t.Fatalf("login: %v\n%s", err, out)
	}
}

func (w *world) configure(args ...string) string {
	w.t.Helper()
	return w.run(filepath.Join(w.bin, "authlatch"), append([]string{"configure", "kubectl"}, args...)...)
}

// terminal is a program at one.
type terminal struct {
	t       *testing.T
	mu      sync.Mutex
	text    strings.Builder
	changed chan struct{}
	done    chan error
}

// atTerminal starts kubectl where a person sits.
func (w *world) atTerminal(args ...string) *terminal {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), w.kubectl, args...)
	cmd.Env, cmd.Dir = w.environ, w.dir
	screen, err := pty.Start(cmd)
	if err != nil {
		w.t.Fatal(err)
	}
	s := &terminal{t: w.t, changed: make(chan struct{}, 1), done: make(chan error, 1)}
	go func() {
		_, _ = io.Copy(s, screen)
		err := cmd.Wait()
		_ = screen.Close()
		s.done <- err
	}()
	return s
}

func (s *terminal) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case s.changed <- struct{}{}:
	default:
	}
	return s.text.Write(p)
}

func (s *terminal) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// code waits for one of the codes to be shown.
func (s *terminal) code(codes func() []string) string {
	s.t.Helper()
	late := time.After(patience)
	for {
		for _, c := range codes() {
			if strings.Contains(s.String(), c) {
				return c
			}
		}
		select {
		case <-s.changed:
		case err := <-s.done:
			s.t.Fatalf("it ended without asking: %v\n%s", err, s)
		case <-late:
			s.t.Fatalf("no code is shown:\n%s", s)
		}
	}
}

func (s *terminal) ends() error {
	s.t.Helper()
	select {
	case err := <-s.done:
		return err
	case <-time.After(patience):
		s.t.Fatalf("it does not end:\n%s", s)
		return nil
	}
}

// alice is who enters codes.
func (w *world) alice() *person.Person {
	user := emulator.DefaultUsers()[0]
	return person.New(w.Client(), user.Username, user.Password)
}
