//go:build unix

package git_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/cgi"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/authlatch/authlatch/emulator"
	"github.com/authlatch/authlatch/internal/testbin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	alice = "alice@contoso.example"
	carol = "carol@fabrikam.example"
)

// world is a home, an emulator in front of git http-backend, and git's config.
type world struct {
	*emulator.Server
	t        *testing.T
	git      string
	dir, bin string
	host     string // of the emulator
	environ  []string

	mu sync.Mutex
	// scheme is the one that the server demands; "" takes any.
	scheme string
	// users are those whose tokens came with requests, by organisation.
	users map[string]string
}

// config has a profile for each of two organisations, and for Azure DevOps itself,
// which no test can reach.
const config = `version = 1
default_profile = "work"
[store]
key = "file"
[profiles.work]
authority = %[1]q
tenant = %[2]q
additionally_allowed_tenants = [%[3]q]
client_id = %[4]q
username = "alice@contoso.example"
ca_file = "ca.pem"
disable_instance_discovery = true
flows = ["password"]
[profiles.other]
authority = %[1]q
tenant = %[3]q
client_id = %[4]q
username = "carol@fabrikam.example"
ca_file = "ca.pem"
disable_instance_discovery = true
flows = ["password"]
[[rule]]
host = "%[5]s/git"
scope = "499b84ac-1321-427f-aa17-267ca6975798/.default"
[[rule]]
host = "%[5]s/git/fabrikam"
profile = "other"
scope = "499b84ac-1321-427f-aa17-267ca6975798/.default"
[[rule]]
host = "dev.azure.com"
profile = "work"
`

// newWorld has an empty repository for each organisation; nobody is signed in.
func newWorld(t *testing.T) *world {
	t.Helper()
	if os.Getenv("AUTHLATCH_E2E") == "" {
		t.Skip("runs git some thousand times: make e2e does it")
	}
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal("git is not here; run: apt-get install git")
	}
	w := &world{t: t, git: git, dir: t.TempDir(), bin: testbin.Plain(t), users: map[string]string{}}
	backend := &cgi.Handler{
		Path: git, Args: []string{"http-backend"}, Root: "/git", Dir: w.dir,
		Env:    []string{"GIT_PROJECT_ROOT=" + w.path("server"), "GIT_HTTP_EXPORT_ALL=1", "HOME=" + w.dir, "GIT_CONFIG_NOSYSTEM=1", "REMOTE_USER=somebody"},
		Stderr: testWriter{t},
	}
	server, err := emulator.Start(emulator.Options{Git: w.guard(backend)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	w.Server, w.host = server, strings.TrimPrefix(server.URL(), "https://")
	w.write("ca.pem", string(server.CAPEM()))
	w.write("config.toml", fmt.Sprintf(config, server.URL(), emulator.ContosoTenant, emulator.FabrikamTenant, emulator.OwnClient, w.host))
	w.write(".gitconfig", fmt.Sprintf(`[user]
	name = Alice
	email = alice@contoso.example
[init]
	defaultBranch = main
[http]
	sslCAInfo = %s
[credential %q]
	helper =
	helper = authlatch
	useHttpPath = true
[credential "https://dev.azure.com"]
	helper = authlatch
`, w.path("ca.pem"), server.URL()))
	w.environ = []string{
		"HOME=" + w.dir, "PATH=" + w.bin + string(os.PathListSeparator) + os.Getenv("PATH"), "TMPDIR=" + w.dir, "LANG=C.UTF-8",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0", "AUTHLATCH_CONFIG=" + w.path("config.toml"), "AUTHLATCH_STORE_DIR=" + w.path("store"),
	}
	for _, organisation := range []string{"contoso", "fabrikam"} {
		w.run("init", "--quiet", "--bare", w.path("server", organisation, "proj", "_git", "r"))
	}
	return w
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Logf("git http-backend: %s", p)
	return len(p), nil
}

// guard demands the scheme, and notes whose token came for which organisation. The
// emulator has checked the token.
func (w *world) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if _, password, ok := r.BasicAuth(); ok {
			token = password
		}
		organisation, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/git/"), "/")
		w.mu.Lock()
		demanded := w.scheme
		w.users[organisation] = claim(token, "upn")
		w.mu.Unlock()
		if demanded != "" && !strings.EqualFold(demanded, scheme) {
			rw.Header().Set("WWW-Authenticate", demanded+` realm="only"`)
			rw.WriteHeader(http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(rw, r)
	})
}

func (w *world) demand(scheme string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.scheme = scheme
}

func (w *world) user(organisation string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.users[organisation]
}

// claim of a JWT; "" if there is none.
func claim(token, name string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return ""
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	claims := map[string]any{}
	if err != nil || json.Unmarshal(payload, &claims) != nil {
		return ""
	}
	text, _ := claims[name].(string)
	return text
}

func (w *world) path(parts ...string) string {
	return filepath.Join(append([]string{w.dir}, parts...)...)
}

func (w *world) write(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(w.path(name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) read(name string) string {
	w.t.Helper()
	text, err := os.ReadFile(w.path(name))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}

func (w *world) exists(name string) bool {
	_, err := os.Stat(w.path(name))
	return err == nil
}

func (w *world) url(organisation string) string {
	return w.URL() + "/git/" + organisation + "/proj/_git/r"
}

// try runs git without a terminal.
func (w *world) try(args ...string) (string, error) {
	cmd := exec.CommandContext(w.t.Context(), w.git, args...)
	cmd.Env, cmd.Dir = w.environ, w.dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (w *world) run(args ...string) string {
	w.t.Helper()
	out, err := w.try(args...)
	if err != nil {
		w.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// call is one process of the helper's.
func (w *world) call(operation, message string) (code int, stdout, stderr string) {
	cmd := exec.CommandContext(w.t.Context(), filepath.Join(w.bin, "git-credential-authlatch"), operation)
	var out, errs bytes.Buffer
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = w.environ, strings.NewReader(message), &out, &errs
	err := cmd.Run()
	if exit := (&exec.ExitError{}); err != nil && !errors.As(err, &exit) {
		w.t.Error(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// values are what a helper answered, by attribute.
func values(answer string) map[string]string {
	all := map[string]string{}
	for line := range strings.Lines(answer) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		all[key] = value
	}
	return all
}

func (w *world) signIn(profile, user string) {
	w.t.Helper()
	name, _, _ := strings.Cut(user, "@")
	cmd := exec.CommandContext(w.t.Context(), filepath.Join(w.bin, "authlatch"), "login", "-p", profile, "--scope", emulator.DevOps+"/.default", "--password-stdin")
	cmd.Env, cmd.Stdin = w.environ, strings.NewReader("not-a-secret-"+name+"\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		w.t.Fatalf("login: %v\n%s", err, out)
	}
}
