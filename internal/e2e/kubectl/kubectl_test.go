//go:build linux

package kubectl_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/authlatch/authlatch/emulator"
)

// A kubelogin kubeconfig is converted, tested, used, and taken back.
func TestConvertedKubeconfig(t *testing.T) {
	w := newWorld(t, emulator.Options{}, "password")
	before := w.read(".kube/config")
	w.signIn()
	out := w.configure("--dry-run")
	if !strings.Contains(out, "-      command: kubelogin\n") || !strings.Contains(out, "+      command: kubectl-authlatch\n") || w.read(".kube/config") != before {
		t.Fatal(out)
	}
	for _, version := range []string{"v1", "v1beta1"} {
		t.Run(version, func(t *testing.T) {
			if out := w.configure("clusterUser_rg_prod", "--api-version", version); !strings.Contains(out, "tested: kubectl gets its credential from authlatch") {
				t.Error(out)
			}
			if text := w.read(".kube/config"); !strings.Contains(text, "apiVersion: client.authentication.k8s.io/"+version+"\n") || !strings.HasPrefix(text, "# of the team\n") {
				t.Error(text)
			}
			for _, c := range []struct{ args, want string }{
				{"get --raw /version", "v1.35.0-emulator"},
				{"get namespaces", "kube-system"},
				{"auth whoami", emulator.DefaultUsers()[0].Username},
			} {
				if out := w.run(w.kubectl, strings.Fields(c.args)...); !strings.Contains(out, c.want) {
					t.Errorf("kubectl %s: %s", c.args, out)
				}
			}
		})
	}
	w.configure("--check")
	w.run(w.kubectl, "config", "set-context", "prod", "--namespace=mine") // kubectl writes the file its own way
	w.configure("--undo")
	if text := w.read(".kube/config"); !strings.Contains(text, "command: kubelogin") || strings.Contains(text, "authlatch") || !strings.Contains(text, "namespace: mine") {
		t.Error(text)
	}
	if n := w.Counters(); n.APIDenied != 0 || n.Token["password"] != 1 {
		t.Errorf("%+v", n)
	}
}

// A user is added, and is the context's.
func TestNewUser(t *testing.T) {
	w := newWorld(t, emulator.Options{}, "password")
	w.signIn()
	w.configure("alice", "-p", "work")
	w.run(w.kubectl, "config", "set-context", "--current", "--user=alice")
	if out := w.run(w.kubectl, "auth", "whoami"); !strings.Contains(out, emulator.DefaultUsers()[0].Username) {
		t.Error(out)
	}
}

// Where nobody can be asked, nobody is, and it is said what to run.
func TestNobodyThere(t *testing.T) {
	w := newWorld(t, emulator.Options{}, "devicecode")
	out, err := w.try("", filepath.Join(w.bin, "authlatch"), "configure", "kubectl")
	if err == nil || !strings.Contains(out, "run: authlatch login -p work --scope ") || !strings.Contains(out, "kubectl-authlatch ended with code 3") {
		t.Errorf("configure: %v\n%s", err, out)
	}
	out, err = w.try("", w.kubectl, "get", "namespaces")
	if err == nil || !strings.Contains(out, "run: authlatch login -p work --scope ") {
		t.Errorf("%v\n%s", err, out)
	}
	if n := w.Counters(); n.DeviceCode != 0 || n.API != n.APIDenied {
		t.Errorf("%+v", n)
	}
}

// A person at the terminal is asked once, and kubectl goes on.
func TestPersonThere(t *testing.T) {
	w := newWorld(t, emulator.Options{}, "devicecode")
	_, _ = w.try("", filepath.Join(w.bin, "authlatch"), "configure", "kubectl") // its check needs a person
	s := w.atTerminal("get", "namespaces")
	if err := w.alice().EnterCode(t.Context(), w.URL()+"/device", s.code(w.UserCodes)); err != nil {
		t.Fatal(err)
	}
	if err := s.ends(); err != nil || !strings.Contains(s.String(), "kube-system") {
		t.Errorf("%v\n%s", err, s)
	}
	if n := w.Counters(); n.DeviceCode != 1 {
		t.Errorf("%+v", n)
	}
}

// kubectl runs a plugin that fails several times in a row (kubernetes#78321); the
// person who has said no is asked no more.
func TestKubectlsRepeatsPromptOnce(t *testing.T) {
	w := newWorld(t, emulator.Options{}, "devicecode")
	_, _ = w.try("", filepath.Join(w.bin, "authlatch"), "configure", "kubectl")
	s := w.atTerminal("get", "pods")
	if err := w.alice().DeclineCode(t.Context(), w.URL()+"/device", s.code(w.UserCodes)); err != nil {
		t.Fatal(err)
	}
	if err := s.ends(); err == nil {
		t.Errorf("it got somewhere:\n%s", s)
	}
	again := strings.Count(s.String(), "a sign-in has failed, and nobody is asked again for ")
	if n := w.Counters(); n.DeviceCode != 1 || again < 2 || strings.Count(s.String(), "the sign-in was declined") != again+1 {
		t.Errorf("%d prompts, %d repeats:\n%s", n.DeviceCode, again, s)
	}
}

// Tokens expire while kubectl is used; none that has reaches the server, and
// nobody is asked.
func TestExpiry(t *testing.T) {
	w := newWorld(t, emulator.Options{AccessTokenLifetime: 3 * time.Second}, "password")
	w.signIn()
	w.configure()
	for end := time.Now().Add(patience); w.Counters().Issued["refresh_token"] < 4; {
		w.run(w.kubectl, "get", "--raw", "/version")
		if time.Now().After(end) {
			t.Fatalf("no token has expired: %+v", w.Counters())
		}
	}
	if n := w.Counters(); n.APIDenied != 0 || n.Token["password"] != 1 {
		t.Errorf("%+v", n)
	}
}

// A token that the server refuses is an error of kubectl's, and no prompt; after a
// new sign-in there is a new one.
func TestUnauthorized(t *testing.T) {
	w := newWorld(t, emulator.Options{}, "password")
	w.signIn()
	w.configure()
	if err := w.RejectAccessTokens(emulator.DefaultUsers()[0].Username); err != nil {
		t.Fatal(err)
	}
	out, err := w.try("", w.kubectl, "get", "namespaces")
	if err == nil || !strings.Contains(out, "You must be logged in to the server") {
		t.Errorf("%v\n%s", err, out)
	}
	if n := w.Counters(); n.APIDenied == 0 || n.Token["password"] != 1 {
		t.Errorf("%+v", n)
	}
	w.signIn("--scope", emulator.AKSServer+"/.default")
	if out := w.run(w.kubectl, "get", "namespaces"); !strings.Contains(out, "default") {
		t.Error(out)
	}
}

// A cluster of another server gets nothing, though its user is the same.
func TestAnotherServer(t *testing.T) {
	w := newWorld(t, emulator.Options{}, "password")
	w.signIn()
	w.configure()
	before := w.Counters()
	w.run(w.kubectl, "config", "set-cluster", "prod", "--server="+strings.Replace(w.URL(), "localhost", "127.0.0.1", 1)+"/k8s")
	out, err := w.try("", w.kubectl, "get", "--raw", "/version")
	if want := "cluster server: profile work gives no token to https://127.0.0.1:"; err == nil || !strings.Contains(out, want) {
		t.Errorf("%v\n%s", err, out)
	}
	if after := w.Counters(); after.API != before.API {
		t.Errorf("the server was asked: %+v", after)
	}
}
