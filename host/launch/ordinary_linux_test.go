package launch_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/authlatch/authlatch/host/launch"
	"github.com/authlatch/authlatch/sdk"
)

var systemFakes = map[string]func(){
	"tries-all": func() { sdk.ServeIfFlow(sdkFlow{"tries-all", tryAll}) },
	"guesses": func() {
		// Not fork: the filter ends the process.
		_, _, _ = syscall.RawSyscall(unix.SYS_CLONE, 7<<32|uintptr(unix.SIGCHLD), 0, 0)
		forever()
	},
	"is-inherited": func() {
		sdk.ServeIfFlow(sdkFlow{"is-inherited", func(context.Context, *sdk.Request, sdk.Prompter) (*sdk.Token, error) {
			var st unix.Stat_t
			return sdkToken(strings.ReplaceAll(fmt.Sprint(unix.Fstat(inheritedFD, &st)), " ", "_")), nil
		}})
	},
}

var systemHosts = map[string]func(){"ordinary": beOrdinary}

// looseEnv is set for a host that launches without a sandbox.
const looseEnv = "LAUNCH_TEST_LOOSE"

// report is what a host says of the flow that tried everything.
type report struct {
	UID      int
	Outcomes map[string]string
	Error    string `json:",omitempty"`
}

// beOrdinary is a host of an ordinary user: it makes a home and services in its
// working directory, launches the flow and prints a report.
func beOrdinary() {
	r := report{UID: os.Getuid()}
	outcomes, err := launchTries()
	if err != nil {
		r.Error = err.Error()
	}
	r.Outcomes = outcomes
	_ = json.NewEncoder(os.Stdout).Encode(r)
}

func launchTries() (map[string]string, error) {
	signal.Ignore(unix.SIGUSR1)
	dir, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	w, err := makeWorld(dir)
	if err != nil {
		return nil, err
	}
	told, err := json.Marshal(w)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	l := launch.Launcher{TempDir: dir, Loosen: launch.Loosening{Off: os.Getenv(looseEnv) != ""}}
	request := start()
	request.Authority = fmt.Sprintf("https://127.0.0.1:%d/tenant", w.Authority)
	request.Options = map[string]string{"world": string(told)}
	t, err := l.GetToken(context.Background(), launch.Binary{Name: "tries-all", Path: self}, request, nil)
	if err != nil {
		return nil, err
	}
	var outcomes map[string]string
	err = errors.Join(json.Unmarshal(t.GetState(), &outcomes), guess(&l, self))
	return outcomes, err
}

// guess launches a flow that forks with a cookie of its own: it must be killed.
func guess(l *launch.Launcher, self string) error {
	if l.Loosen.Off {
		return nil
	}
	_, err := l.GetToken(context.Background(), launch.Binary{Name: "guesses", Path: self}, start(), nil)
	if err == nil || !strings.Contains(err.Error(), "bad system call") {
		return fmt.Errorf("a flow that guesses how the host forks: %w", err)
	}
	return nil
}

func makeWorld(dir string) (world, error) {
	w := world{
		Home: filepath.Join(dir, "home"), Store: filepath.Join(dir, "store"),
		Bus: filepath.Join(dir, "bus"), Abstract: "authlatch-" + filepath.Base(dir), Other: filepath.Join(dir, "other", "plugin1"),
		Host: os.Getpid(),
	}
	err := errors.Join(os.Mkdir(w.Home, 0o700), os.Mkdir(w.Store, 0o700), os.Mkdir(filepath.Dir(w.Other), 0o700))
	for _, path := range []string{filepath.Join(w.Home, "secret"), filepath.Join(w.Home, "spare"), filepath.Join(w.Store, "entry")} {
		err = errors.Join(err, os.WriteFile(path, []byte("canary"), 0o600))
	}
	for _, address := range []string{w.Bus, "@" + w.Abstract, w.Other} {
		_, e := serve("unix", address)
		err = errors.Join(err, e)
	}
	for _, port := range []*int{&w.Authority, &w.TCP} {
		a, e := serve("tcp", "127.0.0.1:0")
		err = errors.Join(err, e)
		if e == nil {
			*port = a.(*net.TCPAddr).Port
		}
	}
	free, e := net.Listen("tcp", "127.0.0.1:0")
	err = errors.Join(err, e)
	if e == nil {
		w.Free = free.Addr().(*net.TCPAddr).Port
		_ = free.Close()
	}
	echo, e := net.ListenPacket("udp", "127.0.0.1:0")
	err = errors.Join(err, e)
	if e == nil {
		w.UDP = echo.LocalAddr().(*net.UDPAddr).Port
		go func() {
			b := make([]byte, 10)
			for {
				n, from, err := echo.ReadFrom(b)
				if err != nil {
					return
				}
				_, _ = echo.WriteTo(b[:n], from)
			}
		}()
	}
	// A container may forbid keyrings; then there is no key to be read.
	w.Key, _ = unix.AddKey("user", "authlatch-test", []byte("canary"), unix.KEY_SPEC_PROCESS_KEYRING)
	if w.Key > 0 {
		_, e := unix.KeyctlInt(unix.KEYCTL_SETPERM, w.Key, 0x3f3f0000, 0, 0)
		err = errors.Join(err, e)
	}
	return w, err
}

// serve accepts what comes, for the life of the process.
func serve(network, address string) (net.Addr, error) {
	l, err := net.Listen(network, address)
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(io.Discard, c); _ = c.Close() }()
		}
	}()
	return l.Addr(), nil
}

// nobody is an ordinary user: it owns nothing.
const nobody = 65534

// asOrdinary runs this binary as a host of an ordinary user: of nobody, if the
// tests are run by root.
func asOrdinary(t *testing.T, loose bool) report {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("/tmp", "al") // short, for sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	binary := filepath.Join(dir, "host")
	if err := errors.Join(copyFile(binary, self), os.Mkdir(filepath.Join(dir, "w"), 0o700)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(limit(t), binary)
	cmd.Dir = filepath.Join(dir, "w")
	cmd.Env = []string{hostEnv + "=ordinary", "TMPDIR=" + cmd.Dir}
	if loose {
		cmd.Env = append(cmd.Env, looseEnv+"=1")
	}
	cmd.Stderr = os.Stderr
	if os.Getuid() == 0 {
		if err := errors.Join(os.Chown(cmd.Dir, nobody, nobody), os.Chmod(dir, 0o755)); err != nil {
			t.Fatal(err)
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("%v: %q", err, out)
	}
	if r.Error != "" {
		t.Fatal(r.Error)
	}
	if r.UID == 0 {
		t.Fatal("root is no ordinary user")
	}
	return r
}

func copyFile(to, from string) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(to, b, 0o755), os.Chmod(to, 0o755))
}
