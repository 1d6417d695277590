package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/authlatch/authlatch/helper/exchange"
	"github.com/authlatch/authlatch/helper/report"
	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/store"
	"github.com/authlatch/authlatch/host/store/keys"
)

// TestMain is also the authlatch that stands beside the helper: what it does is
// in FAKE_AUTHLATCH.
func TestMain(m *testing.M) {
	switch what := os.Getenv("FAKE_AUTHLATCH"); what {
	case "":
		goleak.VerifyTestMain(m)
	case "answer":
		q, err := exchange.ReadRequest(os.Stdin)
		if err != nil || len(os.Args) != 2 || os.Args[1] != exchange.Command {
			fmt.Fprintln(os.Stderr, err, os.Args)
			os.Exit(1)
		}
		fmt.Fprintln(os.Stderr, "asked by", q.Client, "for", q.Scopes, q.Tenant, q.Profile)
		_ = exchange.WriteAnswer(os.Stdout, store.Token{Secret: store.NewSecret("from authlatch"), ExpiresOn: noon.Add(time.Hour)})
	case "fail":
		fmt.Fprintln(os.Stderr, "authlatch: sign in first")
		os.Exit(3)
	case "huge":
		_, _ = io.CopyN(os.Stdout, zeros{}, 64<<20)
	case "wait":
		fmt.Fprintln(os.Stderr, "waiting")
		time.Sleep(time.Minute)
	default:
		fmt.Print(what)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

type fixture struct {
	*Source
	dir    string
	stderr bytes.Buffer
	env    map[string]string
}

// newFixture makes an installation with the test binary as authlatch, seen
// through a symbolic link, and a store with a key file.
func newFixture(t *testing.T, authlatch string) *fixture {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("links")
	}
	dir := t.TempDir()
	f := &fixture{dir: dir, env: map[string]string{"AUTHLATCH_STORE_DIR": filepath.Join(dir, "store"), "AUTHLATCH_STORE_KEY": "file"}}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(dir, "bin")
	helper := filepath.Join(bin, "helper")
	link := filepath.Join(dir, "link")
	if err := errors.Join(os.Mkdir(bin, 0o700), os.WriteFile(helper, nil, 0o700), os.Symlink(helper, link)); err != nil {
		t.Fatal(err)
	}
	if authlatch != "missing" {
		if err := os.Symlink(self, filepath.Join(bin, "authlatch")); err != nil {
			t.Fatal(err)
		}
	}
	f.Source = &Source{
		Env: func(name string) string { return f.env[name] }, Environ: []string{"FAKE_AUTHLATCH=" + authlatch, "GOCOVERDIR=" + dir, "GORACE=atexit_sleep_ms=0"},
		Stderr: &f.stderr, Executable: func() (string, error) { return link, nil }, Now: func() time.Time { return noon },
	}
	return f
}

var request = exchange.Request{Client: "kubectl", Profile: "default", Scopes: []string{"api://x/.default"}, Tenant: "contoso.com"}

func (f *fixture) keep(t *testing.T, settings config.Settings, tok store.Token) {
	t.Helper()
	o := keys.Cheap(settings.Store.Key, settings.Store.KeyFile).Options(settings.Store.Dir)
	o.Now, o.Warn = f.Now, func(w string) { t.Error(w) }
	store.Open(o).PutToken(settings.TokenKey(request.Scopes, request.Tenant), tok)
}

func (f *fixture) token(t *testing.T, q exchange.Request) (string, error) {
	t.Helper()
	settings, err := f.Settings("", "")
	if err != nil {
		t.Fatal(err)
	}
	tok, err := f.Token(t.Context(), settings, q)
	return tok.Secret.Reveal(), err
}

func TestWarmOrMiss(t *testing.T) {
	fresh := store.Token{Secret: store.NewSecret("from the store"), ExpiresOn: noon.Add(time.Hour), ObtainedOn: noon}
	stale := fresh
	stale.ExpiresOn = noon.Add(time.Minute)
	stale.ObtainedOn = noon.Add(-time.Hour)
	due := fresh
	due.RefreshOn = noon.Add(-time.Minute)
	for _, c := range []struct {
		name   string
		kept   store.Token
		change func(*exchange.Request)
		want   string
	}{
		{"fresh", fresh, func(*exchange.Request) {}, "from the store"},
		{"due for renewal, but valid", due, func(*exchange.Request) {}, "from the store"},
		{"stale", stale, func(*exchange.Request) {}, "from authlatch"},
		{"never asks a person, which a cached token does not", fresh, func(q *exchange.Request) { q.Interaction = "never" }, "from the store"},
		{"force", fresh, func(q *exchange.Request) { q.Interaction = "force" }, "from authlatch"},
		{"claims never read the cache", fresh, func(q *exchange.Request) { q.Claims = "{}" }, "from authlatch"},
		{"other scopes", fresh, func(q *exchange.Request) { q.Scopes = []string{"api://y/.default"} }, "from authlatch"},
		{"another tenant", fresh, func(q *exchange.Request) { q.Tenant = "" }, "from authlatch"},
		{"an ID token", fresh, func(q *exchange.Request) { q.IDToken = true }, "from authlatch"},
		{"a bound token", fresh, func(q *exchange.Request) { q.TokenType, q.ReqCnf, q.KeyID = "pop", "r", "k" }, "from authlatch"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t, "answer")
			settings, err := f.Settings("", "")
			if err != nil {
				t.Fatal(err)
			}
			f.keep(t, settings, c.kept)
			q := request
			c.change(&q)
			if got, err := f.token(t, q); err != nil || got != c.want {
				t.Errorf("%q, %v, %s", got, err, f.stderr.String())
			}
			if asked := strings.Contains(f.stderr.String(), "asked by kubectl for"); asked != (c.want == "from authlatch") {
				t.Errorf("stderr %q", f.stderr.String())
			}
		})
	}
}

func TestFailures(t *testing.T) {
	for _, c := range []struct {
		name, authlatch string
		code            int
		says            string
	}{
		{"exit code and stderr pass through", "fail", 3, "authlatch: sign in first\n"},
		{"missing", "missing", 1, "authlatch is not beside this program"},
		{"silent", " ", 1, "authlatch's answer cannot be read"},
		{"another version", `{"version":2}`, 1, "from one release"},
		{"endless", "huge", 1, "authlatch answered too much"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t, c.authlatch)
			_, err := f.token(t, request)
			code := report.Write(&f.stderr, report.Text, err)
			if says := f.stderr.String(); code != c.code || !strings.Contains(says, c.says) || strings.Count(says, "\n") > 3 {
				t.Errorf("%d, %q", code, says)
			}
		})
	}
}

// An authlatch that anybody put into PATH or the working directory is not run.
func TestOnlyTheOneBeside(t *testing.T) {
	f := newFixture(t, "missing")
	elsewhere := t.TempDir()
	self, _ := os.Executable()
	if err := os.Symlink(self, filepath.Join(elsewhere, "authlatch")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", elsewhere)
	t.Chdir(elsewhere)
	f.Environ = []string{"FAKE_AUTHLATCH=answer", "PATH=" + elsewhere}
	if got, err := f.token(t, request); err == nil {
		t.Errorf("got %q", got)
	}
}

func TestCancelStopsAuthlatch(t *testing.T) {
	f := newFixture(t, "wait")
	settings, err := f.Settings("", "")
	if err != nil {
		t.Fatal(err)
	}
	said, stderr := io.Pipe()
	f.Stderr = stderr
	wrapped := false
	f.OnMiss = func(ctx context.Context) (context.Context, context.CancelFunc) {
		wrapped = true
		ctx, cancel := context.WithCancel(ctx)
		go func() {
			_, _ = said.Read(make([]byte, 1)) // it runs
			cancel()
			_, _ = io.Copy(io.Discard, said)
		}()
		return ctx, cancel
	}
	_, err = f.Token(t.Context(), settings, request)
	stderr.Close()
	var told bytes.Buffer
	if code := report.Write(&told, report.Text, err); !wrapped || code != 4 || told.String() != "authlatch: the sign-in was cancelled\n" {
		t.Errorf("%d, %q", code, &told)
	}
}

func TestPolicyAndConfigErrorsComeBeforeAuthlatch(t *testing.T) {
	f := newFixture(t, "answer")
	f.env["AUTHLATCH_TENANT"] = "fabrikam.com"
	if _, err := f.token(t, request); report.Write(&f.stderr, "", err) != report.Policy {
		t.Errorf("%v", err)
	}
	if _, err := f.Settings(filepath.Join(f.dir, "none.toml"), ""); err == nil {
		t.Error("a config that is missing")
	}
}

func TestARejectedTokenIsAMiss(t *testing.T) {
	f := newFixture(t, "answer")
	settings, err := f.Settings("", "")
	if err != nil {
		t.Fatal(err)
	}
	f.keep(t, settings, store.Token{Secret: store.NewSecret("from the store"), ExpiresOn: noon.Add(time.Hour), ObtainedOn: noon})
	if f.Reject(settings, request, "another") {
		t.Error("another token was taken for it")
	}
	if got, err := f.token(t, request); err != nil || got != "from the store" {
		t.Errorf("%q, %v", got, err)
	}
	if !f.Reject(settings, request, "from the store") {
		t.Error("not found")
	}
	if got, err := f.token(t, request); err != nil || got != "from authlatch" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestAForgottenTokenIsAMiss(t *testing.T) {
	f := newFixture(t, "answer")
	settings, err := f.Settings("", "")
	if err != nil {
		t.Fatal(err)
	}
	if f.Forget(settings, request) {
		t.Error("there is none")
	}
	f.keep(t, settings, store.Token{Secret: store.NewSecret("from the store"), ExpiresOn: noon.Add(time.Hour), ObtainedOn: noon})
	if !f.Forget(settings, request) {
		t.Error("not found")
	}
	if got, err := f.token(t, request); err != nil || got != "from authlatch" {
		t.Errorf("%q, %v", got, err)
	}
}
