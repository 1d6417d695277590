package main_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/authlatch/authlatch/host/store/keys/keyring"
	"github.com/authlatch/authlatch/internal/desktop"
)

// runConfined returns, unless this process is to confine another program.
func runConfined() { desktop.RunConfined() }

// hasDesktop says whether there may be a desktop and a kernel keyring. In CI the
// programs are there; the kernel's keyring no container of Docker's may use.
func hasDesktop() bool {
	for _, program := range []string{"dbus-daemon", "gnome-keyring-daemon"} {
		if _, err := exec.LookPath(program); err != nil && os.Getenv("CI") == "" {
			return false
		}
	}
	return keyring.Provider{}.Check() == nil
}

// scriptDesktop is a desktop with a proxy before its bus.
type scriptDesktop struct {
	*desktop.Desktop
	proxy *desktop.Proxy
	seen  int
	tb    scriptTB
}

// scriptTB is a script as package desktop wants it.
type scriptTB struct{ *testscript.TestScript }

func (scriptTB) Helper()                  {}
func (scriptTB) Context() context.Context { return context.Background() }
func (t scriptTB) Cleanup(f func())       { t.Defer(f) }
func (t scriptTB) Fatal(args ...any)      { t.Fatalf("%s", fmt.Sprint(args...)) }

func (t scriptTB) Skipf(format string, args ...any) { t.Fatalf(format, args...) }

// onDesktop is "desktop start|unlock|lock|hang|resume|leave", or "desktop asked N"
// (or +N): how many have connected to the bus since it was last asked. Start sets
// DBUS_SESSION_BUS_ADDRESS.
func onDesktop(ts *testscript.TestScript, _ bool, args []string) {
	w := worldOf(ts)
	if args[0] == "start" {
		tb := scriptTB{ts}
		d := desktop.Start(tb)
		w.desktop = &scriptDesktop{Desktop: d, proxy: d.Proxy(tb), tb: tb}
		ts.Setenv("DBUS_SESSION_BUS_ADDRESS", w.desktop.proxy.Address)
		return
	}
	d := w.desktop
	switch args[0] {
	case "unlock":
		d.Unlock(d.tb)
	case "lock":
		d.Lock(d.tb)
	case "hang":
		d.Hang(d.tb)
	case "resume":
		d.Resume(d.tb)
	case "leave":
		d.Leave()
	case "asked":
		now := d.proxy.Connections()
		got := now - d.seen
		d.seen = now
		text, atLeast := strings.CutPrefix(args[1], "+")
		want, err := strconv.Atoi(text)
		ts.Check(err)
		if got != want && (!atLeast || got < want) {
			ts.Fatalf("the bus was asked by %d, not %s", got, args[1])
		}
	default:
		ts.Fatalf("desktop: unknown verb %s", args[0])
	}
}

// confined is "confined HOW N COMMAND...": exits, of a program that is confined.
func confined(ts *testscript.TestScript, neg bool, args []string) {
	command, err := desktop.Confined(args[0])
	ts.Check(err)
	exits(ts, neg, append(append([]string{args[1]}, command...), args[2:]...))
}
