//go:build unix

package cargo_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/authlatch/authlatch/emulator"
	"github.com/authlatch/authlatch/internal/testbin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const config = `version = 1
[store]
key = "file"
[profiles.default]
authority = %[1]q
tenant = %[2]q
client_id = %[3]q
username = "alice@contoso.example"
ca_file = "ca.pem"
disable_instance_discovery = true
flows = ["password"]
[[rule]]
host = "%[4]s/git/contoso"
scope = "499b84ac-1321-427f-aa17-267ca6975798/.default"
`

// world is a home with a project, and an emulator that guards a registry.
type world struct {
	t       *testing.T
	dir     string
	environ []string
	served  atomic.Int64 // requests that came with a token that the emulator takes
}

func newWorld(t *testing.T) *world {
	t.Helper()
	if os.Getenv("AUTHLATCH_E2E") == "" {
		t.Skip("runs cargo: make e2e does it")
	}
	if _, err := exec.LookPath("cargo"); err != nil {
		t.Fatal("cargo is not here; install Rust 1.74 or newer (https://rustup.rs)")
	}
	w := &world{t: t, dir: t.TempDir()}
	server, err := emulator.Start(emulator.Options{Git: w.registry()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	bin := testbin.Plain(t)
	w.write("ca.pem", string(server.CAPEM()))
	w.write("config.toml", fmt.Sprintf(config, server.URL(), emulator.ContosoTenant, emulator.OwnClient, strings.TrimPrefix(server.URL(), "https://")))
	w.write("cargo/config.toml", fmt.Sprintf(`[registries.contoso]
index = "sparse+%s/git/contoso/index/"
credential-provider = [%q]
[http]
cainfo = %q
`, server.URL(), filepath.Join(bin, "cargo-credential-authlatch"), w.path("ca.pem")))
	w.write("project/Cargo.toml", `[package]
name = "project"
version = "0.1.0"
edition = "2021"
[dependencies]
greeting = { version = "1", registry = "contoso" }
`)
	w.write("project/src/lib.rs", "")
	w.environ = []string{
		"HOME=" + w.dir, "PATH=" + os.Getenv("PATH"), "TMPDIR=" + w.dir, "CARGO_HOME=" + w.path("cargo"), "CARGO_TERM_COLOR=never",
		"AUTHLATCH_CONFIG=" + w.path("config.toml"), "AUTHLATCH_STORE_DIR=" + w.path("store"),
	}
	if home, ok := os.LookupEnv("HOME"); ok { // where rustup's shims find the toolchain
		w.environ = append(w.environ, "RUSTUP_HOME="+filepath.Join(home, ".rustup"))
	}
	if rustup, ok := os.LookupEnv("RUSTUP_HOME"); ok {
		w.environ = append(w.environ, "RUSTUP_HOME="+rustup)
	}
	return w
}

// registry is a sparse one with a single crate. The emulator has checked the token.
func (w *world) registry() http.Handler {
	crate := archive(w.t, map[string]string{
		"greeting-1.0.0/Cargo.toml": "[package]\nname = \"greeting\"\nversion = \"1.0.0\"\nedition = \"2021\"\n",
		"greeting-1.0.0/src/lib.rs": "",
	})
	entry := fmt.Sprintf(`{"name":"greeting","vers":"1.0.0","deps":[],"cksum":"%x","features":{},"yanked":false}`+"\n", sha256.Sum256(crate))
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ") {
			w.t.Errorf("%s came with another scheme than Bearer", r.URL.Path)
		}
		w.served.Add(1)
		switch r.URL.Path {
		case "/git/contoso/index/config.json":
			_, _ = fmt.Fprintf(rw, `{"dl":"https://%s/git/contoso/crates/{crate}/{version}","auth-required":true}`, r.Host)
		case "/git/contoso/index/gr/ee/greeting":
			_, _ = rw.Write([]byte(entry))
		case "/git/contoso/crates/greeting/1.0.0":
			_, _ = rw.Write(crate)
		default:
			http.NotFound(rw, r)
		}
	})
}

func archive(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	tape := tar.NewWriter(zip)
	for name, text := range files {
		if err := tape.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(text))}); err != nil {
			t.Fatal(err)
		}
		if _, err := tape.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := tape.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (w *world) path(name string) string { return filepath.Join(w.dir, filepath.FromSlash(name)) }

func (w *world) write(name, text string) {
	w.t.Helper()
	if err := os.MkdirAll(filepath.Dir(w.path(name)), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(w.path(name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) run(environ []string, dir, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(w.t.Context(), program, args...)
	cmd.Env, cmd.Dir = slices.Concat(w.environ, environ), w.path(dir)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// cargo gets a crate from a registry that demands a token; without a sign-in it ends
// with what authlatch says, and has sent nothing.
func TestFetch(t *testing.T) {
	w := newWorld(t)
	out, err := w.run(nil, "project", "cargo", "fetch")
	if err == nil || !strings.Contains(out, "authlatch login") || w.served.Load() != 0 {
		t.Errorf("without a sign-in: %v, %d requests\n%s", err, w.served.Load(), out)
	}
	authlatch := filepath.Join(testbin.Plain(t), "authlatch")
	if out, err := w.run([]string{"AZURE_PASSWORD=" + password()}, ".", authlatch, "login"); err != nil {
		t.Fatalf("login: %v\n%s", err, out)
	}
	if out, err := w.run(nil, "project", "cargo", "fetch"); err != nil || w.served.Load() != 3 {
		t.Errorf("%v, %d requests\n%s", err, w.served.Load(), out)
	}
	if _, err := os.Stat(w.path("project/Cargo.lock")); err != nil {
		t.Error(err)
	}
	if all, _ := filepath.Glob(w.path("cargo/registry/cache/*/greeting-1.0.0.crate")); len(all) != 1 {
		t.Errorf("the crate is not there: %v", all)
	}
	if _, err := os.Stat(w.path("cargo/credentials.toml")); err == nil {
		t.Error("cargo has kept a credential in a file")
	}
}

// password is the emulator's own for alice, no secret at all.
func password() string {
	for _, u := range emulator.DefaultUsers() {
		if u.Username == "alice@contoso.example" {
			return u.Password
		}
	}
	return ""
}
