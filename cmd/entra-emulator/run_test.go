package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// started is a server that run serves until the test ends.
type started struct {
	url, caFile string
	client      *http.Client
	stop        func() int
}

func startServer(t *testing.T, args ...string) started {
	t.Helper()
	caFile := filepath.Join(t.TempDir(), "ca.pem")
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	exit := make(chan int, 1)
	go func() {
		exit <- run(ctx, append([]string{"--addr", "127.0.0.1:0", "--ca-file", caFile}, args...), in, io.Discard)
		in.Close()
	}()
	line := make([]byte, 4096)
	n, err := out.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	address, _, found := strings.Cut(strings.TrimPrefix(string(line[:n]), "entra-emulator: "), " (CA in "+caFile+")\n")
	if !found {
		t.Fatalf("the ready line is %q", line[:n])
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true}
	stopped := false
	s := started{url: address, caFile: caFile, client: &http.Client{Transport: transport}}
	s.stop = func() int {
		cancel()
		stopped = true
		return <-exit
	}
	t.Cleanup(func() {
		if !stopped {
			s.stop()
		}
	})
	return s
}

func (s started) post(t *testing.T, path string, values url.Values) map[string]any {
	t.Helper()
	response, err := s.client.PostForm(s.url+path, values)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestServeEndsCleanly(t *testing.T) {
	s := startServer(t)
	if info, err := os.Stat(s.caFile); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o644 {
		t.Errorf("the CA file is %v, %v", info, err)
	}
	if leftovers, _ := filepath.Glob(filepath.Join(filepath.Dir(s.caFile), ".entra*")); len(leftovers) > 0 {
		t.Errorf("left %v", leftovers)
	}
	if code := s.stop(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
}

func TestBrowseSignsIn(t *testing.T) {
	s := startServer(t)
	got := make(chan url.Values, 1)
	app := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		got <- r.Form
	}))
	defer app.Close()
	values := url.Values{"client_id": {"04b07795-8ddb-461a-bbee-02f9e1bf7b46"}, "response_type": {"code"}, "response_mode": {"form_post"},
		"redirect_uri": {strings.Replace(app.URL, "127.0.0.1", "localhost", 1)}, "scope": {"openid"}, "state": {"s"}}
	address := s.url + "/common/oauth2/v2.0/authorize?" + values.Encode()
	for _, c := range []struct {
		flags []string
		key   string
	}{{nil, "code"}, {[]string{"--cancel"}, "error"}} {
		var out, errs bytes.Buffer
		args := append([]string{"browse", "--ca-file", s.caFile}, c.flags...)
		if code := run(t.Context(), append(args, address), &out, &errs); code != exitOK || out.Len() > 0 {
			t.Fatalf("exit code %d: %s%s", code, &out, &errs)
		}
		if answer := <-got; answer.Get(c.key) == "" || answer.Get("state") != "s" {
			t.Errorf("%v: the application got %v", c.flags, answer)
		}
	}
}

func TestEnterCode(t *testing.T) {
	users := filepath.Join(t.TempDir(), "users.json")
	write(t, users, `[{"username": "zoe@third.example", "password": "not-a-secret-zoe", "tenant": "33333333-3333-4333-8333-333333333333"}]`)
	secret := filepath.Join(t.TempDir(), "password")
	write(t, secret, "not-a-secret-zoe\n")
	s := startServer(t, "--users", users, "--device-interval", "1s", "--token-lifetime", "2m")
	client := "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
	device := s.post(t, "/organizations/oauth2/v2.0/devicecode", url.Values{"client_id": {client}, "scope": {"openid"}})
	var errs bytes.Buffer
	args := []string{"enter-code", "--url", s.url + "/device", "--ca-file", s.caFile, "--user", "zoe@third.example", "--password-file", secret, device["user_code"].(string)}
	if code := run(t.Context(), args, io.Discard, &errs); code != exitOK {
		t.Fatalf("exit code %d: %s", code, &errs)
	}
	token := s.post(t, "/organizations/oauth2/v2.0/token", url.Values{"client_id": {client}, "grant_type": {"device_code"}, "device_code": {device["device_code"].(string)}})
	if token["expires_in"] != 120.0 || device["interval"] != 1.0 {
		t.Errorf("device %v, token lives %v", device["interval"], token["expires_in"])
	}
}

func TestWrongUse(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.json")
	write(t, bad, `[{"user": "x"}]`)
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--nothing"}, exitUsage, "nothing"},
		{[]string{"dance"}, exitUsage, "dance"},
		{[]string{"--token-lifetime", "-1s"}, exitUsage, "negative"},
		{[]string{"--users", bad}, exitFailed, "user"},
		{[]string{"--users", bad + ".missing"}, exitFailed, "missing"},
		{[]string{"--addr", "256.0.0.1:1"}, exitFailed, "listen"},
		{[]string{"browse"}, exitUsage, "one URL"},
		{[]string{"browse", "--user", "stranger@contoso.example", "https://localhost"}, exitUsage, "--password-file"},
		{[]string{"browse", "--ca-file", bad, "https://localhost"}, exitFailed, "no certificate"},
		{[]string{"enter-code"}, exitUsage, "one CODE"},
	} {
		var out, errs bytes.Buffer
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		if code := run(ctx, c.args, &out, &errs); code != c.code || !strings.Contains(errs.String(), c.says) || out.Len() > 0 {
			t.Errorf("%v: exit code %d, stdout %q, stderr %q", c.args, code, &out, &errs)
		}
		cancel()
	}
}

func TestHelp(t *testing.T) {
	serves := []string{"stand-in for Microsoft Entra ID", "entra-emulator browse", "entra-emulator enter-code", "-addr"}
	for _, c := range []struct {
		args []string
		says []string
	}{
		{[]string{"help"}, serves},
		{[]string{"--help"}, serves},
		{[]string{"-h"}, serves},
		{[]string{"serve", "-h"}, serves},
		{[]string{"browse", "--help"}, []string{"browse [flags] URL", "-ca-file"}},
		{[]string{"enter-code", "-h"}, []string{"enter-code [flags] CODE", "-ca-file", "-url"}},
	} {
		var out, errs bytes.Buffer
		if code := run(t.Context(), c.args, &out, &errs); code != exitOK || errs.Len() > 0 {
			t.Errorf("%v: exit code %d: %s", c.args, code, &errs)
		}
		for _, text := range c.says {
			if !strings.Contains(out.String(), text) {
				t.Errorf("%v: %q is not in\n%s", c.args, text, &out)
			}
		}
	}
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
