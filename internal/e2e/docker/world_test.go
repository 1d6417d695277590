//go:build linux

package docker_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/authlatch/authlatch/emulator"
	"github.com/authlatch/authlatch/internal/testbin"
)

// world is a home, an emulator that is a registry, and docker's configuration.
type world struct {
	*emulator.Server
	t        *testing.T
	dir, bin string
	registry string
	environ  []string
}

// program finds another's program, in bin/tools too; how says what brings it.
func program(t *testing.T, name, how string) string {
	t.Helper()
	if path, err := filepath.Abs(filepath.Join("..", "..", "..", "bin", "tools", name)); err == nil {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is not here; %s", name, how)
	}
	return path
}

// newWorld starts the registry and signs in.
func newWorld(t *testing.T) *world {
	t.Helper()
	if os.Getenv("AUTHLATCH_E2E") == "" {
		t.Skip("needs other people's programs: make e2e runs it")
	}
	w := &world{t: t, dir: t.TempDir(), bin: testbin.Plain(t)}
	backend := w.distribution()
	server, err := emulator.Start(emulator.Options{Registry: backend})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	w.Server, w.registry = server, strings.TrimPrefix(server.URL(), "https://")
	user := emulator.DefaultUsers()[0]
	w.write("certs/ca.crt", string(server.CAPEM()))
	w.write("config.toml", fmt.Sprintf(`version = 1
[profiles.work]
authority = %q
tenant = "contoso.example"
client_id = %q
username = %q
ca_file = "certs/ca.crt"
disable_instance_discovery = true
flows = ["password"]
[[rule]]
host = %q
scope = "https://containerregistry.azure.net/.default"
[store]
key = "file"
`, server.URL(), emulator.OwnClient, user.Username, w.registry))
	w.write(".docker/config.json", fmt.Sprintf(`{"credHelpers":{%q:"authlatch"}}`, w.registry))
	w.environ = []string{
		"HOME=" + w.dir, "PATH=" + w.bin + ":/usr/bin:/bin", "TMPDIR=" + w.dir, "XDG_RUNTIME_DIR=" + w.dir,
		"AUTHLATCH_CONFIG=" + w.path("config.toml"), "AUTHLATCH_STORE_DIR=" + w.path("store"), "AUTHLATCH_STORE_KEY=file",
		"SSL_CERT_FILE=" + w.path("certs/ca.crt"),
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

// distribution starts Debian's registry, to which everybody on this machine may
// write, and returns the way to it.
func (w *world) distribution() http.Handler {
	t := w.t
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	w.write("registry.yml", fmt.Sprintf("version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: %q, relativeurls: true}\n",
		w.path("blobs"), address))
	ctx, stop := context.WithCancel(context.Background())
	var log bytes.Buffer
	cmd := exec.CommandContext(ctx, program(t, "docker-registry", "run: apt-get install docker-registry"), "serve", w.path("registry.yml"))
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = cmd.Wait() // it has been killed
		if t.Failed() {
			t.Logf("docker-registry:\n%s", log.String())
		}
	})
	backend := &url.URL{Scheme: "http", Host: address}
	wait(t, backend.String()+"/v2/")
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(backend)
		r.Out.Header.Del("Authorization") // it has none of its own
	}}
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	return proxy
}

// wait waits until somebody answers there.
func wait(t *testing.T, address string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			_ = resp.Body.Close()
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("docker-registry does not answer")
		}
	}
}

// try runs a program without a terminal.
func (w *world) try(path string, args ...string) (string, error) {
	cmd := exec.CommandContext(w.t.Context(), path, args...)
	cmd.Env, cmd.Dir = w.environ, w.dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (w *world) run(path string, args ...string) string {
	w.t.Helper()
	out, err := w.try(path, args...)
	if err != nil {
		w.t.Fatalf("%s %s: %v\n%s", filepath.Base(path), strings.Join(args, " "), err, out)
	}
	return out
}

func (w *world) signIn() {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), filepath.Join(w.bin, "authlatch"), "login", "--password-stdin")
	cmd.Env, cmd.Stdin = w.environ, strings.NewReader(emulator.DefaultUsers()[0].Password+"\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		w.t.Fatalf("login: %v\n%s", err, out)
	}
}

func (w *world) exchanges() (n int) {
	for _, r := range w.Requests() {
		if r.Path == "/oauth2/exchange" {
			n++
		}
	}
	return n
}
