//go:build unix

package crowd

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/authlatch/authlatch/emulator"
)

var pidIn = regexp.MustCompile(`another process that signs in \(authlatch for kubectl, pid (\d+), for \d+ s\)`)

// A process that asks the person is stopped: who waits for it says so, and who it
// is, and can be cancelled. When it is killed, the next one asks.
func TestAStoppedHolder(t *testing.T) {
	w := newTown(t, emulator.Options{})
	first := w.helper(resources[0])
	known := w.code()
	second, third := w.helper(resources[1]), w.helper(resources[2])
	w.stderrs.await(t, "both waiting", func(text string) bool { return waiting(text) == 2 })
	pid, err := strconv.Atoi(pidIn.FindStringSubmatch(second.own.String())[1])
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	second.interrupt(t)
	if code := second.ends(t); code != 4 || !contains(second, "authlatch: the sign-in was cancelled\n  it waited for another process that signs in (authlatch for kubectl, pid "+strconv.Itoa(pid)) {
		t.Errorf("exit code %d:\n%s", code, second.own)
	}
	if n := w.server.Counters(); n.DeviceCode != 1 {
		t.Error("somebody else has asked")
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	w.enter(w.code(known), false) // the third asks now
	if code := third.ends(t); code != 0 {
		t.Errorf("exit code %d:\n%s", code, third.own)
	}
	if code := first.ends(t); code != 1 {
		t.Errorf("exit code of the one that was killed: %d", code)
	}
	if n := w.server.Counters(); n.DeviceCode != 2 || n.Prompts != 1 {
		t.Errorf("%+v", n)
	}
}

// A caller that is ended by a signal has no answer for those who wait: the next
// one asks, at once.
func TestACallerThatIsEnded(t *testing.T) {
	w := newTown(t, emulator.Options{})
	first := w.helper(resources[0])
	known := w.code()
	second := w.helper(resources[1])
	w.stderrs.await(t, "one waiting", func(text string) bool { return waiting(text) == 1 })
	if err := first.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	w.enter(w.code(known), false)
	if code := second.ends(t); code != 0 {
		t.Errorf("exit code %d:\n%s", code, second.own)
	}
	if code := first.ends(t); code == 0 {
		t.Error("the one that was ended has succeeded")
	}
}

// kubectl calls its plugin again and again when that fails. The person has said
// no once, and is not asked again.
func TestKubectlRepeatsItself(t *testing.T) {
	w := newTown(t, emulator.Options{})
	kubectl := w.kubectl()
	c := w.call(kubectl, "get", "pods")
	w.enter(w.code(), true)
	if code := c.ends(t); code == 0 || !contains(c, "the sign-in was declined") {
		t.Errorf("exit code %d:\n%s", code, c.own)
	}
	calls := strings.Count(c.own.String(), "nobody is asked again for")
	t.Logf("kubectl has called its plugin %d times more", calls)
	if calls == 0 {
		t.Errorf("kubectl did not repeat itself, and this shows nothing:\n%s", c.own)
	}
	if n := w.server.Counters(); n.DeviceCode != 1 {
		t.Errorf("%d device codes were asked for", n.DeviceCode)
	}
}

// kubectl finds a kubectl and gives it a kubeconfig for the emulator.
func (w *town) kubectl() string {
	w.t.Helper()
	path := ""
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), filepath.Join(filepath.Dir(w.bin), "tools")) {
		if info, err := os.Stat(filepath.Join(dir, "kubectl")); err == nil && info.Mode().IsRegular() && path == "" {
			path = filepath.Join(dir, "kubectl")
		}
	}
	if path == "" {
		if os.Getenv("CI") != "" {
			w.t.Fatal("there is no kubectl; run: make bin/tools/kubectl")
		}
		w.t.Skip("there is no kubectl; run: make bin/tools/kubectl")
	}
	w.write("kubeconfig", `apiVersion: v1
kind: Config
current-context: town
contexts: [{name: town, context: {cluster: town, user: alice}}]
clusters: [{name: town, cluster: {server: "`+w.server.URL()+`/k8s", certificate-authority: "`+filepath.Join(w.dir, "ca.pem")+`"}}]
users:
- name: alice
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: `+filepath.Join(w.bin, "kubectl-authlatch")+`
      args: [get-token, -p, work]
      interactiveMode: IfAvailable
`)
	w.env = append(w.env, "KUBECONFIG="+filepath.Join(w.dir, "kubeconfig"))
	return path
}
