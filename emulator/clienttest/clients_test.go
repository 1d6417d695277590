package clienttest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authlatch/authlatch/emulator"
	"github.com/authlatch/authlatch/emulator/person"
)

const (
	azureCLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
	username = "alice@contoso.example"
	scope    = "https://management.azure.com/.default"
)

// An sdk is one language's Azure SDK: how to run its sign-in script, and what a
// machine needs for that.
type sdk struct {
	name string
	// addr is where the emulator must listen for it.
	addr    string
	command []string
	// needs are probed by running them; hint says how to get what is missing.
	needs []string
	hint  string
	// env has the variable that names the CA file.
	caVariable string
}

var sdks = []sdk{
	{
		name:       "node",
		addr:       "127.0.0.1:0",
		command:    []string{"node", "node/signin.mjs"},
		needs:      []string{"node", "--input-type=module", "-e", `await import("./node/node_modules/@azure/identity/dist/esm/index.js")`},
		hint:       "install Node.js 20 and run npm ci in emulator/clienttest/node",
		caVariable: "NODE_EXTRA_CA_CERTS",
	},
	{
		// Debian's MSAL for Python drops the port of an authority.
		name:       "python",
		addr:       "127.0.0.1:443",
		command:    []string{"/usr/bin/python3", "python/signin.py"},
		needs:      []string{"/usr/bin/python3", "-c", "import azure.identity"},
		hint:       "install Debian's python3-azure, and be allowed to listen on port 443",
		caVariable: "REQUESTS_CA_BUNDLE",
	},
}

func TestUnmodifiedClientsSignIn(t *testing.T) {
	for _, client := range sdks {
		t.Run(client.name, func(t *testing.T) {
			client.require(t)
			server := client.start(t)
			for _, flow := range []string{"browser", "devicecode", "password"} {
				t.Run(flow, func(t *testing.T) { client.signIn(t, server, flow) })
			}
		})
	}
}

// require skips the test where the client is not installed, except in CI.
func (c sdk) require(t *testing.T) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), c.needs[0], c.needs[1:]...).CombinedOutput()
	if err != nil {
		missing(t, fmt.Sprintf("%s: %v\n%s", c.hint, err, out))
	}
}

func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

func (c sdk) start(t *testing.T) *emulator.Server {
	t.Helper()
	server, err := emulator.Start(emulator.Options{Addr: c.addr, DeviceCodeInterval: time.Second})
	if errors.Is(err, os.ErrPermission) {
		missing(t, c.hint)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return server
}

// signIn runs the client's script as flow, plays the person, and asks the
// emulator's Resource Manager whether the token is good.
func (c sdk) signIn(t *testing.T, server *emulator.Server, flow string) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	caFile := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(caFile, server.CAPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	authority := strings.TrimSuffix(server.URL(), ":443")
	args := slices.Concat(c.command[1:], []string{flow, authority, emulator.ContosoTenant, azureCLI, username, scope})
	cmd := exec.CommandContext(ctx, c.command[0], args...)
	cmd.Env = append(os.Environ(), c.caVariable+"="+caFile, "BROWSER="+scriptedBrowser(t, caFile), "DISPLAY=", "WAYLAND_DISPLAY=")
	cmd.Stdin = strings.NewReader(password(t) + "\n")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	answer := play(ctx, t, server, stdout)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, stderr.Bytes())
	}
	if !answer.Cached {
		t.Error("the second call did not answer from the client's cache")
	}
	if left := time.Until(time.Unix(answer.ExpiresOn, 0)); left < 30*time.Minute || left > 2*time.Hour {
		t.Errorf("the client believes that the token lives for %v", left)
	}
	listSubscriptions(ctx, t, server, answer.Token)
}

type event struct {
	Device *struct {
		UserCode        string `json:"user_code"`
		VerificationURI string `json:"verification_uri"`
	} `json:"device"`
	Token     string `json:"token"`
	ExpiresOn int64  `json:"expires_on"`
	Cached    bool   `json:"cached"`
}

// play reads the script's events, enters a device code as the person would, and
// returns the event with the token.
func play(ctx context.Context, t *testing.T, server *emulator.Server, stdout io.Reader) event {
	t.Helper()
	var last event
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		last = event{}
		if err := json.Unmarshal(lines.Bytes(), &last); err != nil {
			t.Fatalf("not an event: %v", err)
		}
		if last.Device == nil {
			continue
		}
		alice := person.New(server.Client(), username, password(t))
		if err := alice.EnterCode(ctx, last.Device.VerificationURI, last.Device.UserCode); err != nil {
			t.Fatal(err)
		}
	}
	return last
}

func listSubscriptions(ctx context.Context, t *testing.T, server *emulator.Server, token string) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL()+"/arm/subscriptions?api-version=2022-12-01", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(res.Body, 4096))
		t.Errorf("the Resource Manager answered %s\n%s", res.Status, body)
	}
}

func password(t *testing.T) string {
	t.Helper()
	for _, u := range emulator.DefaultUsers() {
		if u.Username == username {
			return u.Password
		}
	}
	t.Fatalf("the emulator has no user %s", username)
	return ""
}

// scriptedBrowser is an executable for BROWSER that signs alice in at the URL.
// It returns at once, as a desktop's opener does: Python waits for it before it
// listens.
func scriptedBrowser(t *testing.T, caFile string) string {
	t.Helper()
	dir := t.TempDir()
	bin := filepath.Join(dir, "entra-emulator")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "github.com/authlatch/authlatch/cmd/entra-emulator")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	script := filepath.Join(dir, "browser")
	text := fmt.Sprintf("#!/bin/sh\n%s browse --ca-file %s \"$1\" </dev/null >%s/log 2>&1 &\n", bin, caFile, dir)
	if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return script
}
