//go:build unix

package launch_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/host/launch"
)

func TestStdinIsEmpty(t *testing.T) {
	pr, pw, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_, _ = pw.WriteString("what git sends")
	stdin := os.Stdin
	os.Stdin = pr
	t.Cleanup(func() { os.Stdin = stdin; _, _ = pr.Close(), pw.Close() })
	r := newRig(t)
	got, err := r.get(limit(t), "reads-stdin", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.GetSecret() != "0-bytes" {
		t.Errorf("the flow read %s of the host's stdin", got.GetSecret())
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("AZURE_PASSWORD", "canary-secret")
	t.Setenv("HOME", "/home/canary-home")
	t.Setenv("LD_PRELOAD", "")
	t.Setenv("https_proxy", "http://proxy.example:3128")
	t.Setenv("LC_ALL", "C.UTF-8")
	t.Setenv("SSL_CERT_FILE", "/etc/ca.pem")
	r := newRig(t)
	got, err := r.get(limit(t), "environ", nil)
	if err != nil {
		t.Fatal(err)
	}
	env := got.GetSecret()
	for _, secret := range []string{"canary", "PATH=", "LD_PRELOAD", "AZURE_"} {
		if strings.Contains(env, secret) {
			t.Errorf("the flow sees %q in %q", secret, env)
		}
	}
	for _, want := range []string{"https_proxy=http://proxy.example:3128", "LC_ALL=C.UTF-8", "SSL_CERT_FILE=/etc/ca.pem",
		"AUTHLATCH_HOST_PID=" + strconv.Itoa(os.Getpid()), "TMPDIR=" + r.TempDir} {
		if !strings.Contains(env, want) {
			t.Errorf("the flow does not see %q in %q", want, env)
		}
	}
	if strings.Contains(env, "CA_BUNDLE") {
		t.Errorf("the flow is told of a CA bundle that is not there: %q", env)
	}
}

func TestACABundleIsAnnounced(t *testing.T) {
	r := newRig(t)
	request := start()
	request.CaBundle = []byte("-----BEGIN CERTIFICATE-----")
	got, err := r.GetToken(limit(t), launch.Binary{Name: "environ", Path: r.self}, request, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := "AUTHLATCH_FLOW_CA_BUNDLE=1"; !strings.Contains(got.GetSecret(), want) {
		t.Errorf("the flow does not see %q in %q", want, got.GetSecret())
	}
}
