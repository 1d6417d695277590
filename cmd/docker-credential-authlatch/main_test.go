//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/authlatch/authlatch/emulator"
	"github.com/authlatch/authlatch/internal/testbin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	notFound = "credentials not found in native keychain\n"
	nobody   = "00000000-0000-0000-0000-000000000000"
)

// world is a home with a profile for an emulator that is a registry too.
type world struct {
	*emulator.Server
	t        *testing.T
	dir, bin string
	registry string // the login server
	environ  []string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	server, err := emulator.Start(emulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{Server: server, t: t, dir: t.TempDir(), bin: testbin.Plain(t), registry: strings.TrimPrefix(server.URL(), "https://")}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	user := emulator.DefaultUsers()[0]
	w.write("ca.pem", string(server.CAPEM()))
	w.write("config.toml", fmt.Sprintf(`version = 1
[profiles.work]
authority = %q
tenant = "contoso.example"
client_id = %q
username = %q
ca_file = "ca.pem"
disable_instance_discovery = true
flows = ["password"]
[[rule]]
host = %q
scope = "https://containerregistry.azure.net/.default"
[store]
key = "file"
`, server.URL(), emulator.OwnClient, user.Username, w.registry))
	w.environ = []string{
		"HOME=" + w.dir, "PATH=" + w.bin, "AUTHLATCH_CONFIG=" + filepath.Join(w.dir, "config.toml"),
		"AUTHLATCH_STORE_DIR=" + filepath.Join(w.dir, "store"), "AUTHLATCH_STORE_KEY=file",
	}
	return w
}

func (w *world) write(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// signIn is authlatch login.
func (w *world) signIn() {
	w.t.Helper()
	user := emulator.DefaultUsers()[0]
	cmd := exec.CommandContext(w.t.Context(), filepath.Join(w.bin, "authlatch"), "login", "--password-stdin")
	cmd.Env, cmd.Stdin = w.environ, strings.NewReader(user.Password+"\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		w.t.Fatalf("login: %v\n%s", err, out)
	}
}

// run runs the helper as docker does: with pipes.
func (w *world) run(operation, stdin string, environ ...string) (stdout, stderr string, code int) {
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(w.t.Context(), filepath.Join(w.bin, "docker-credential-authlatch"), operation)
	cmd.Env = append(append([]string{}, w.environ...), environ...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		w.t.Error(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// get is a get that has to give a credential.
func (w *world) get() string {
	stdout, stderr, code := w.run("get", w.registry)
	var c struct{ ServerURL, Username, Secret string }
	d := json.NewDecoder(strings.NewReader(stdout))
	if err := d.Decode(&c); err != nil || d.More() || code != 0 || c.ServerURL != w.registry || c.Username != nobody || strings.Count(c.Secret, ".") != 2 || stderr != "" {
		w.t.Errorf("get: %.100q, %q, %d", stdout, stderr, code)
	}
	return c.Secret
}

func (w *world) exchanges() (n int) {
	for _, r := range w.Requests() {
		if r.Path == "/oauth2/exchange" {
			n++
		}
	}
	return n
}

// A credential opens the registry, is kept, and is another one after erase.
func TestACredentialThatWorks(t *testing.T) {
	w := newWorld(t)
	w.signIn()
	secret := w.get()
	if again := w.get(); again != secret || w.exchanges() != 1 {
		t.Errorf("%d exchanges, the same secret: %t", w.exchanges(), again == secret)
	}
	form := url.Values{"grant_type": {"refresh_token"}, "service": {w.registry}, "scope": {"repository:x:pull"}, "refresh_token": {secret}}
	resp, err := w.Client().PostForm(w.URL()+"/oauth2/token", form)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("the registry's token endpoint says %s", resp.Status)
	}
	if stdout, stderr, code := w.run("erase", w.registry); stdout+stderr != "" || code != 0 {
		t.Errorf("erase: %q, %q, %d", stdout, stderr, code)
	}
	if w.get() == secret || w.exchanges() != 2 {
		t.Errorf("after erase: %d exchanges, or the same secret again", w.exchanges())
	}
}

// builds is docker's way before a build: list, then get for each of the list and
// for each registry that is configured.
func (w *world) build() {
	stdout, stderr, code := w.run("list", "unused")
	var all map[string]string
	if err := json.Unmarshal([]byte(stdout), &all); err != nil || stderr != "" || code != 0 {
		w.t.Errorf("list: %q, %q, %d", stdout, stderr, code)
	}
	for server := range all {
		if stdout, _, code := w.run("get", server); code != 0 {
			w.t.Errorf("get of %s, which list has named: %q, %d", server, stdout, code)
		}
	}
	for _, server := range []string{w.registry, "https://index.docker.io/v1/", "ghcr.io"} {
		if stdout, _, code := w.run("get", server); code != 0 && stdout != notFound {
			w.t.Errorf("get of %s would end the build: %q, %d", server, stdout, code)
		}
	}
}

// Scripts, builds and editors ask again and again, and all at once: each answer is
// one, one exchange serves all, and nobody is asked anything.
func TestMany(t *testing.T) {
	w := newWorld(t)
	w.build()
	atOnce(50, func(int) {
		stdout, stderr, code := w.run("get", w.registry)
		if stdout != notFound || code != 1 || !strings.Contains(stderr, "authlatch login") || strings.Count(stderr, "\n") > 3 {
			t.Errorf("not signed in: %q, %q, %d", stdout, stderr, code)
		}
	})
	if got := w.Counters(); len(got.Token) != 0 || w.exchanges() != 0 {
		t.Errorf("without a session: %+v", got)
	}
	w.signIn()
	var first atomic.Value
	same := func(int) {
		if secret := w.get(); !first.CompareAndSwap(nil, secret) && first.Load() != secret {
			t.Error("another secret")
		}
	}
	atOnce(50, same)
	for i := range 500 {
		same(i)
	}
	w.build()
	if w.exchanges() != 1 {
		t.Errorf("%d exchanges", w.exchanges())
	}
}

// Without a session 500 calls in a row for what is not ours, and as many for what
// is as a build of some hundred steps makes.
func TestManyWithoutASession(t *testing.T) {
	w := newWorld(t)
	for i := range 500 {
		server := "ghcr.io"
		if i%10 == 0 {
			server = w.registry
		}
		if stdout, _, code := w.run("get", server); stdout != notFound || code != 1 {
			t.Fatalf("%s: %q, %d", server, stdout, code)
		}
	}
	if n := len(w.Requests()); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func atOnce(n int, do func(int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { do(i) })
	}
	all.Wait()
}

// With a session and the whole of authlatch behind it, no hostile host gets a
// connection, let alone a token: a recorder is every proxy.
func TestHostileHostsGetNoConnection(t *testing.T) {
	w := newWorld(t)
	w.signIn()
	w.get()
	before := len(w.Requests())
	recorder, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var connections atomic.Int32
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := recorder.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			_ = c.Close()
		}
	})
	t.Cleanup(serving.Wait)
	t.Cleanup(func() { _ = recorder.Close() })
	proxy := "http://" + recorder.Addr().String()
	text, err := os.ReadFile(filepath.Join("..", "..", "host", "service", "servicetest", "hostile.txt"))
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for line := range strings.Lines(string(text)) {
		host := strings.TrimSuffix(line, "\n")
		if host == "" || host[0] == '#' {
			continue
		}
		if host[0] == '"' {
			if host, err = strconv.Unquote(host); err != nil {
				t.Fatal(err)
			}
		}
		tried++
		stdout, stderr, code := w.run("get", host, "HTTPS_PROXY="+proxy, "HTTP_PROXY="+proxy)
		if code != 1 || stdout != notFound && stdout != "no credentials server URL\n" || stderr != "" {
			t.Errorf("%q: %q, %q, %d", host, stdout, stderr, code)
		}
	}
	if tried < 200 || connections.Load() != 0 || len(w.Requests()) != before {
		t.Errorf("%d hosts, %d connections to the recorder, %d requests to the registry", tried, connections.Load(), len(w.Requests())-before)
	}
}

// Another helper, as docker runs it, gets what is not authlatch's.
func TestAnotherHelper(t *testing.T) {
	w := newWorld(t)
	config, err := os.ReadFile(filepath.Join(w.dir, "config.toml"))
	if err != nil {
		t.Fatal(err)
	}
	w.write("config.toml", string(config)+"[docker]\nfallback = \"other\"\n")
	w.write("docker-credential-other", "#!/bin/sh\necho \"$1 $(/bin/cat)\"\nexit 1\n")
	if err := os.Chmod(filepath.Join(w.dir, "docker-credential-other"), 0o700); err != nil {
		t.Fatal(err)
	}
	stdout, _, code := w.run("get", "ghcr.io", "PATH="+w.dir)
	if stdout != "get ghcr.io\n" || code != 1 {
		t.Errorf("got %q, %d", stdout, code)
	}
	stdout, stderr, code := w.run("get", "ghcr.io")
	if stdout != notFound || code != 1 || !strings.Contains(stderr, "docker-credential-other cannot be run") {
		t.Errorf("not in PATH: %q, %q, %d", stdout, stderr, code)
	}
}

// authlatch runs authlatch itself.
func (w *world) authlatch(args ...string) (stdout, stderr string, code int) {
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(w.t.Context(), filepath.Join(w.bin, "authlatch"), args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = w.environ, &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		w.t.Error(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// One command sets docker up, another tells whether it works, a third takes it
// back.
func TestConfigure(t *testing.T) {
	w := newWorld(t)
	file := filepath.Join(w.dir, ".docker", "config.json")
	stdout, stderr, code := w.authlatch("configure", "docker", "--dry-run", w.registry)
	diff := "+{\n+\t\"credHelpers\": {\n+\t\t\"" + w.registry + "\": \"authlatch\"\n+\t}\n+}\n"
	if !strings.HasSuffix(stdout, diff) || code != 0 {
		t.Errorf("dry run: %q, %q, %d", stdout, stderr, code)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("the dry run has written")
	}
	stdout, stderr, code = w.authlatch("configure", "docker", w.registry)
	if code != 3 || !strings.HasSuffix(stdout, diff) || !strings.Contains(stderr, "docker gets no credential for "+w.registry+"\n  nobody is signed in") || !strings.Contains(stderr, "\n  run: authlatch login") {
		t.Errorf("not signed in: %q, %d", stderr, code)
	}
	w.signIn()
	if _, stderr, code = w.authlatch("configure", "docker", "--check"); code != 0 || !strings.Contains(stderr, "tested: docker") {
		t.Errorf("signed in: %q, %d", stderr, code)
	}
	if w.exchanges() != 1 {
		t.Errorf("%d exchanges", w.exchanges())
	}
	if _, stderr, code = w.authlatch("configure", "docker", "--undo"); code != 0 {
		t.Errorf("undo: %q, %d", stderr, code)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("the file that was made is still there")
	}
	if _, stderr, code = w.authlatch("configure", "docker", "--check"); code != 1 || !strings.Contains(stderr, "docker asks authlatch for no registry") {
		t.Errorf("undone: %q, %d", stderr, code)
	}
}
