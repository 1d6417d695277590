package desktop

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/godbus/dbus/v5"
)

// T is what is used of a testing.TB.
type T interface {
	Helper()
	Cleanup(func())
	Context() context.Context
	Fatal(...any)
	Fatalf(string, ...any)
	Skipf(string, ...any)
}

// Desktop is a session bus, on which a keyring may run.
type Desktop struct {
	// Address is the bus's, as in DBUS_SESSION_BUS_ADDRESS.
	Address string

	dir     string
	keyring *exec.Cmd
}

// patience is for programs to start on a machine that is busy.
const patience = 30 * time.Second

// The bus starts nothing by itself, whatever the machine has installed.
const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=%s/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy>
</busconfig>
`

// Start starts a bus, without a keyring. Where the programs are missing it skips
// the test; in CI they must be there.
func Start(t T) *Desktop {
	t.Helper()
	for _, program := range []string{"dbus-daemon", "gnome-keyring-daemon"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatal(err)
			}
			t.Skipf("%v: install Debian's dbus-daemon and gnome-keyring", err)
		}
	}
	// Not t.TempDir: the path of a socket is short.
	dir, err := os.MkdirTemp("", "al")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	d := &Desktop{dir: dir}
	config := filepath.Join(dir, "bus.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, busConfig, dir), 0o600); err != nil {
		t.Fatal(err)
	}
	bus := exec.Command("dbus-daemon", "--nofork", "--nopidfile", "--config-file="+config, "--print-address=1")
	out, err := bus.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	d.start(t, bus)
	line := make([]byte, 4096) // it writes its one line at once, when it listens
	n, err := out.Read(line)
	if err != nil {
		t.Fatalf("dbus-daemon: %v", err)
	}
	d.Address = strings.TrimSpace(string(line[:n]))
	return d
}

// Env looks up what a program on this desktop has in its environment.
func (d *Desktop) Env(name string) string {
	for _, v := range d.Environ() {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value
		}
	}
	return ""
}

// Environ is the part of the environment that makes a program belong to it.
func (d *Desktop) Environ() []string {
	return []string{"DBUS_SESSION_BUS_ADDRESS=" + d.Address, "XDG_RUNTIME_DIR=" + d.dir}
}

func (d *Desktop) start(t T, cmd *exec.Cmd) {
	t.Helper()
	cmd.Env = append(d.Environ(), "HOME="+d.dir, "XDG_DATA_HOME="+filepath.Join(d.dir, "data"),
		"PATH="+os.Getenv("PATH"), "LANG=C.UTF-8", "GSETTINGS_BACKEND=memory")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(cmd) })
}

// end kills a program, if it has not ended yet, and waits for it.
func end(cmd *exec.Cmd) {
	if cmd.ProcessState == nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
}

// Unlock makes the keyring run with its collection unlocked, as after signing in
// to the desktop with the password.
func (d *Desktop) Unlock(t T) {
	t.Helper()
	d.runKeyring(t, strings.NewReader("not a secret"), "--unlock")
}

// Lock makes the keyring run anew, as where nobody has signed in: locked if it
// was ever unlocked, and without a collection if not.
func (d *Desktop) Lock(t T) {
	t.Helper()
	d.runKeyring(t, nil)
}

// Leave ends the keyring.
func (d *Desktop) Leave() {
	if d.keyring != nil {
		end(d.keyring)
		d.keyring = nil
	}
}

// Hang stops the keyring where it is, until Resume.
func (d *Desktop) Hang(t T) { d.signal(t, syscall.SIGSTOP) }

// Resume lets it go on.
func (d *Desktop) Resume(t T) { d.signal(t, syscall.SIGCONT) }

func (d *Desktop) signal(t T, s syscall.Signal) {
	t.Helper()
	if err := d.keyring.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

func (d *Desktop) runKeyring(t T, stdin io.Reader, args ...string) {
	t.Helper()
	d.Leave()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, err := dbus.Connect(d.Address, dbus.WithContext(ctx))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	const name = "org.freedesktop.secrets"
	changed := make(chan *dbus.Signal, 8)
	conn.Signal(changed)
	if err := conn.AddMatchSignal(dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, name)); err != nil {
		t.Fatal(err)
	}
	d.keyring = exec.Command("gnome-keyring-daemon", append([]string{"--foreground", "--components=secrets"}, args...)...)
	d.keyring.Stdin = stdin
	d.start(t, d.keyring)
	for {
		select {
		case s := <-changed:
			if len(s.Body) == 3 && s.Body[2] != "" { // a new owner
				return
			}
		case <-ctx.Done():
			t.Fatalf("gnome-keyring-daemon offers no %s", name)
		}
	}
}
