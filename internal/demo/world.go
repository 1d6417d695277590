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
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/authlatch/authlatch/emulator"
)

const (
	username = "alice@contoso.example"
	// client is the app registration that the documentation recommends: a public
	// client of one's own.
	client = emulator.OwnClient
)

// world is a machine of its own: a home, an installation and an identity
// provider.
type world struct {
	bin    string // absolute
	dir    string // temporary; everything is in it
	url    string // of the emulator
	caFile string
	http   *http.Client

	emulator *exec.Cmd
	started  []int // the hosts and flows that ever ran here
	// untidy is set for a world in which a person, and their kubectl, may leave
	// files in the home directory.
	untidy bool
	closed bool
}

// profiles has one profile a flow, so that each signs in by itself.
const profiles = `version = 1
default_profile = "browser"

[store]
key = "file"

[profiles.browser]
authority = %[1]q
tenant = %[2]q
client_id = %[3]q
ca_file = %[4]q
disable_instance_discovery = true
flows = ["browser"]

[profiles.devicecode]
authority = %[1]q
tenant = %[2]q
client_id = %[3]q
ca_file = %[4]q
disable_instance_discovery = true
flows = ["devicecode"]

[profiles.password]
authority = %[1]q
tenant = %[2]q
client_id = %[3]q
username = %[5]q
ca_file = %[4]q
disable_instance_discovery = true
flows = ["password"]
`

// newWorld makes the directory and the profiles and starts the emulator. ctx
// bounds the emulator's life.
func newWorld(ctx context.Context, bin string, args ...string) (_ *world, err error) {
	if bin, err = filepath.Abs(bin); err != nil {
		return nil, err
	}
	for _, name := range []string{"authlatch", "kubectl-authlatch", "entra-emulator", "authlatch-flow-browser", "authlatch-flow-devicecode", "authlatch-flow-password"} {
		if _, err := os.Stat(filepath.Join(bin, executable(name))); err != nil {
			return nil, fmt.Errorf("%w: run make build first", err)
		}
	}
	dir, err := os.MkdirTemp("", "authlatch-demo-")
	if err != nil {
		return nil, err
	}
	w := &world{bin: bin, dir: dir, caFile: filepath.Join(dir, "ca.pem")}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	for _, sub := range []string{"home", "config", "state", "tmp"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, err
		}
	}
	if err := w.startEmulator(ctx, args); err != nil {
		return nil, err
	}
	config := fmt.Sprintf(profiles, w.url, emulator.ContosoTenant, client, w.caFile, username)
	return w, os.WriteFile(w.configFile(), []byte(config), 0o600)
}

// startEmulator returns when the emulator says that it is ready.
func (w *world) startEmulator(ctx context.Context, args []string) error {
	args = append([]string{"--addr", "127.0.0.1:0", "--ca-file", w.caFile}, args...)
	cmd := w.command(ctx, w.program("entra-emulator"), args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
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
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	w.http = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
	return nil
}

// close ends the emulator, fails if a process of this world is left, and removes
// the directory. It may be called twice.
func (w *world) close() error {
	if w.closed {
		return nil
	}
	w.closed = true
	var errs []error
	if w.emulator != nil {
		w.http.CloseIdleConnections()
		if err := w.emulator.Process.Signal(gentleSignal()); err != nil && !errors.Is(err, os.ErrProcessDone) {
			errs = append(errs, err)
		}
		// How it ended is of no interest, only that it did.
		_ = w.emulator.Wait()
	}
	for _, left := range stillRunning(w.home(), []string{w.bin, w.aloneDir("authlatch")}, w.started) {
		errs = append(errs, fmt.Errorf("left running: %s", left))
	}
	for _, left := range append(leftBehind(w.home()), leftBehind(filepath.Join(w.dir, "tmp"))...) {
		if !w.untidy {
			errs = append(errs, fmt.Errorf("left behind: %s", left))
		}
	}
	return errors.Join(append(errs, os.RemoveAll(w.dir))...)
}

func (w *world) program(name string) string { return filepath.Join(w.bin, executable(name)) }

// aloneDir is a directory for that program only.
func (w *world) aloneDir(name string) string { return filepath.Join(w.dir, "alone", name) }

func (w *world) home() string { return filepath.Join(w.dir, "home") }

func (w *world) configFile() string { return filepath.Join(w.dir, "config", "authlatch.toml") }

// environ is the environment of every program of this world. Nothing of the
// caller's authlatch or Azure settings gets in.
func (w *world) environ() []string {
	env := []string{
		"HOME=" + w.home(),
		"TMPDIR=" + filepath.Join(w.dir, "tmp"),
		"AUTHLATCH_CONFIG=" + w.configFile(),
		"AUTHLATCH_STORE_DIR=" + filepath.Join(w.dir, "state", "store"),
		"BROWSER=" + w.program("entra-emulator") + " browse --ca-file " + w.caFile,
	}
	for _, name := range []string{"PATH", "TERM", "LANG", "SystemRoot"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// counters asks the emulator what it was asked.
func (w *world) counters(ctx context.Context) (emulator.Counters, error) {
	var c emulator.Counters
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+"/_emulator/counters", nil)
	if err != nil {
		return c, err
	}
	res, err := w.http.Do(req)
	if err != nil {
		return c, err
	}
	defer func() { _ = res.Body.Close() }()
	err = json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&c)
	return c, err
}

func executable(name string) string {
	if runtime.GOOS == "windows" {
		return name + ".exe"
	}
	return name
}

func gentleSignal() os.Signal {
	if runtime.GOOS == "windows" {
		return os.Kill
	}
	return syscall.SIGTERM
}
