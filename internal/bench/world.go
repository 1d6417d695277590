package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/authlatch/authlatch/emulator"
)

const username = "alice@contoso.example"

// systemBundle is where Debian and its like keep the world's roots in one file.
const systemBundle = "/etc/ssl/certs/ca-certificates.crt"

// profiles are those of this world. The authority is the emulator's: "roots" finds
// its certificate's root as kubelogin does, in the file that SSL_CERT_FILE names
// among all others, and "ca_file" by that setting.
const profiles = `version = 1
default_profile = "roots"

[profiles.roots]
authority = %[1]q
tenant = %[2]q
client_id = %[3]q
username = %[4]q
disable_instance_discovery = true
flows = ["password"]

[profiles.ca_file]
authority = %[1]q
tenant = %[2]q
client_id = %[3]q
username = %[4]q
ca_file = %[5]q
disable_instance_discovery = true
flows = ["password"]

[[rule]]
host = "pkgs.dev.azure.com"
profile = "ca_file"

[[rule]]
host = "dev.azure.com"
profile = "ca_file"

[[rule]]
host = %[6]q
profile = "ca_file"
scope = "https://containerregistry.azure.net/.default"
`

// world is a temporary directory with everything in it, and an emulator that
// answers at once.
type world struct {
	bin    string // absolute
	dir    string
	url    string // of the emulator
	caFile string
	bare   string
	http   *http.Client

	emulator *exec.Cmd
	homes    []*home
}

func newWorld(ctx context.Context, bin string) (_ *world, err error) {
	if bin, err = filepath.Abs(bin); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "authlatch-bench-")
	if err != nil {
		return nil, err
	}
	w := &world{bin: bin, dir: dir, caFile: filepath.Join(dir, "ca.pem"), bare: filepath.Join(dir, executable("bare"))}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close(ctx))
		}
	}()
	if err := w.build(ctx, w.bare, "bare"); err != nil {
		return nil, err
	}
	if err := w.startEmulator(ctx); err != nil {
		return nil, err
	}
	config := fmt.Sprintf(profiles, w.url, emulator.ContosoTenant, emulator.OwnClient, username, w.caFile, strings.TrimPrefix(w.url, "https://"))
	return w, os.WriteFile(w.configFile(), []byte(config), 0o600)
}

// build builds one of this program's own little programs, as the product is
// built.
func (w *world) build(ctx context.Context, out, name string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-o", out, "github.com/authlatch/authlatch/internal/bench/"+name)
	if says, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", name, err, says)
	}
	return nil
}

func (w *world) startEmulator(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, w.program("entra-emulator"), "--addr", "127.0.0.1:0", "--ca-file", w.caFile, "--hosts", microsoftHost)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%w: run make build first", err)
	}
	w.emulator = cmd
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return fmt.Errorf("the emulator did not start: %w", err)
	}
	for _, word := range strings.Fields(line) {
		if strings.HasPrefix(word, "https://") {
			w.url = strings.TrimRight(word, "/")
		}
	}
	pem, err := os.ReadFile(w.caFile)
	if err != nil {
		return err
	}
	worlds, err := os.ReadFile(systemBundle)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.WriteFile(w.rootsFile(), slices.Concat(worlds, pem), 0o600); err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	w.http = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
	return nil
}

// close forgets the keys that were kept outside the directory, ends the emulator
// and removes the directory.
func (w *world) close(ctx context.Context) error {
	var errs []error
	ctx = context.WithoutCancel(ctx)
	for _, h := range w.homes {
		if _, err := os.Stat(h.store()); err == nil {
			if out, err := h.command(ctx, w.program("authlatch"), "logout", "--all").CombinedOutput(); err != nil {
				errs = append(errs, fmt.Errorf("forget the key: %w\n%s", err, out))
			}
		}
	}
	if w.emulator != nil {
		_ = w.emulator.Process.Kill()
		_ = w.emulator.Wait() // how it ended is of no interest
	}
	return errors.Join(append(errs, os.RemoveAll(w.dir))...)
}

func (w *world) program(name string) string { return filepath.Join(w.bin, executable(name)) }

// rootsFile is a bundle as machines of a company have it: the world's roots and
// the company's own.
func (w *world) rootsFile() string { return filepath.Join(w.dir, "roots.pem") }

func (w *world) configFile() string { return filepath.Join(w.dir, "authlatch.toml") }

// environ is what every program gets, ours and others': nothing of the caller's
// settings.
func (w *world) environ(home string) []string {
	env := []string{
		"HOME=" + home, "TMPDIR=" + w.dir,
		"AZURE_PASSWORD=" + password(),
		"SSL_CERT_FILE=" + w.rootsFile(),
		`KUBERNETES_EXEC_INFO={"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":false}}`,
	}
	for _, name := range []string{"PATH", "LANG", "SystemRoot"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// password is the emulator's own for this user, no secret at all.
func password() string {
	for _, u := range emulator.DefaultUsers() {
		if u.Username == username {
			return u.Password
		}
	}
	return ""
}

// tokenRequests is how often the emulator was asked for a token by password.
func (w *world) tokenRequests(ctx context.Context) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+"/_emulator/counters", nil)
	if err != nil {
		return 0, err
	}
	res, err := w.http.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = res.Body.Close() }()
	var c emulator.Counters
	err = json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&c)
	return c.Token["password"], err
}

func executable(name string) string {
	if runtime.GOOS == "windows" {
		return name + ".exe"
	}
	return name
}
