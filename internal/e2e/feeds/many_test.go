//go:build unix

package feeds_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"github.com/authlatch/authlatch/emulator"
	"github.com/authlatch/authlatch/internal/testbin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const config = `version = 1
[store]
key = "file"
[profiles.default]
authority = %[1]q
tenant = %[2]q
client_id = %[3]q
username = "alice@contoso.example"
ca_file = "ca.pem"
disable_instance_discovery = true
flows = ["password"]
[[rule]]
host = "pkgs.dev.azure.com"
profile = "default"
`

const feed = "https://pkgs.dev.azure.com/contoso/"

// calls are what the tools run, and what the answer looks like.
var calls = []struct {
	program, args, stdin string
	answer               *regexp.Regexp
}{
	{"authlatch-bazel-helper", "get", `{"uri":"` + feed + `"}`, regexp.MustCompile(`^\{"headers":\{"Authorization":\["Bearer (eyJ[\w.-]+)"\]\},"expires":"[\d:TZ-]+"\}\n$`)},
	{"cargo-credential-authlatch", "--cargo-plugin", `{"v":1,"registry":{"index-url":"sparse+` + feed + `"},"kind":"get","operation":"read"}` + "\n",
		regexp.MustCompile(`^\{"v":\[1\]\}\n\{"Ok":\{"kind":"get","token":"Bearer (eyJ[\w.-]+)","cache":"expires","expiration":\d+,"operation_independent":true\}\}\n$`)},
	{"authlatch-keyring", "get " + feed + " alice", "", regexp.MustCompile(`^(eyJ[\w.-]+)\n$`)},
	{"authlatch-keyring", "--mode creds get " + feed, "", regexp.MustCompile(`^VssSessionToken\n(eyJ[\w.-]+)\n$`)},
	{"authlatch-pnpm-helper", "", "", regexp.MustCompile(`^Bearer (eyJ[\w.-]+)\n$`)},
}

// world is a home and an emulator; nobody is signed in.
type world struct {
	*emulator.Server
	t       *testing.T
	dir     string
	bin     string
	environ []string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	if os.Getenv("AUTHLATCH_E2E") == "" {
		t.Skip("runs some thousand processes: make e2e does it")
	}
	server, err := emulator.Start(emulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &world{Server: server, t: t, dir: t.TempDir(), bin: testbin.Plain(t)}
	for name, text := range map[string]string{
		"ca.pem": string(server.CAPEM()), "config.toml": fmt.Sprintf(config, server.URL(), emulator.ContosoTenant, emulator.OwnClient),
	} {
		if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w.environ = []string{"HOME=" + w.dir, "PATH=" + os.Getenv("PATH"), "TMPDIR=" + w.dir,
		"AUTHLATCH_CONFIG=" + filepath.Join(w.dir, "config.toml"), "AUTHLATCH_STORE_DIR=" + filepath.Join(w.dir, "store")}
	return w
}

func (w *world) signIn() {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), filepath.Join(w.bin, "authlatch"), "login", "--password-stdin")
	cmd.Env, cmd.Dir, cmd.Stdin = w.environ, w.dir, strings.NewReader(password())
	if out, err := cmd.CombinedOutput(); err != nil {
		w.t.Fatalf("login: %v\n%s", err, out)
	}
}

// password is the emulator's own for alice, no secret at all.
func password() string {
	for _, u := range emulator.DefaultUsers() {
		if u.Username == "alice@contoso.example" {
			return u.Password
		}
	}
	return ""
}

// call runs the nth of the calls, by turns. It has no terminal, so nobody is asked.
func (w *world) call(n int) (code int, stdout, stderr string) {
	c := calls[n%len(calls)]
	cmd := exec.CommandContext(w.t.Context(), filepath.Join(w.bin, c.program), strings.Fields(c.args)...)
	var out, errs bytes.Buffer
	cmd.Env, cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = w.environ, w.dir, strings.NewReader(c.stdin), &out, &errs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // no terminal
	err := cmd.Run()
	if exit := (&exec.ExitError{}); err != nil && !errors.As(err, &exit) {
		w.t.Error(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// All get one token, which costs one request, whether they come one after the other
// or at once.
func TestMany(t *testing.T) {
	w := newWorld(t)
	w.signIn()
	requests := func() int { n := w.Counters(); return n.Token["refresh_token"] + n.Token["password"] }
	signedIn := requests()
	var mu sync.Mutex
	tokens := map[string]bool{}
	check := func(n int) {
		code, stdout, stderr := w.call(n)
		m := calls[n%len(calls)].answer.FindStringSubmatch(stdout)
		// Who waits for the first one's renewal for a second says so.
		if code != 0 || m == nil || stderr != "" && !strings.Contains(stderr, "waiting for another process") {
			t.Errorf("%s: code %d, %d bytes, %s", calls[n%len(calls)].program, code, len(stdout), stderr)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		tokens[m[1]] = true
	}
	atOnce(50, check)
	for n := range 500 {
		check(n)
	}
	if len(tokens) != 1 || requests() != signedIn+1 {
		t.Errorf("%d tokens by %d requests", len(tokens), requests()-signedIn)
	}
}

// Without a sign-in each says so in its protocol's way: nobody is asked, nothing is
// sent, and nothing that looks like an answer is on stdout.
func TestManyWithoutASession(t *testing.T) {
	w := newWorld(t)
	check := func(n int) {
		c := calls[n%len(calls)]
		code, stdout, stderr := w.call(n)
		cargo := c.program == "cargo-credential-authlatch"
		if cargo != (code == 0) || cargo != strings.HasPrefix(stdout, `{"v":[1]}`+"\n"+`{"Err":{"kind":"other"`) || !cargo && stdout != "" || !strings.Contains(stderr, "authlatch login") {
			t.Errorf("%s: code %d %s%s", c.program, code, stdout, stderr)
		}
	}
	atOnce(50, check)
	for n := range 50 { // each runs authlatch, which is ten times a warm call
		check(n)
	}
	if n := len(w.Requests()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

func atOnce(n int, do func(int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { do(i) })
	}
	all.Wait()
}
