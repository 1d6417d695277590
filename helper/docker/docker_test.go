package docker_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/authlatch/authlatch/helper/docker"
	"github.com/authlatch/authlatch/helper/exchange"
	"github.com/authlatch/authlatch/helper/report"
	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/store"
)

const (
	secret   = "registry-refresh-token"
	nobody   = "00000000-0000-0000-0000-000000000000"
	notFound = "credentials not found in native keychain\n"
	scope    = "https://containerregistry.azure.net/.default"
)

// fake is a source, and another helper, that record what they are asked.
type fake struct {
	config string
	err    error // of Token

	asked    []exchange.Request
	profiles []string
	cached   map[string]bool // registries
	rejected []string
	others   []string // "name operation stdin"
	other    string
	code     int
	otherErr error
}

func (s *fake) File(string) (*config.File, error) {
	return config.Parse("/etc/authlatch.toml", []byte(s.config), noEnv)
}

func (s *fake) Resolve(f *config.File, profile string) (config.Settings, error) {
	return config.Resolve(f, config.Flags{Profile: profile}, noEnv)
}

func (s *fake) Token(_ context.Context, settings config.Settings, q exchange.Request) (store.Token, error) {
	s.asked, s.profiles = append(s.asked, q), append(s.profiles, settings.Profile)
	return store.Token{Secret: store.NewSecret(secret), ExpiresOn: time.Unix(1_800_000_000, 0)}, s.err
}

func (s *fake) Cached(_ config.Settings, q exchange.Request) (store.Token, bool) {
	return store.Token{Secret: store.NewSecret(secret)}, s.cached[q.Registry]
}

func (s *fake) Forget(_ config.Settings, q exchange.Request) bool {
	s.rejected = append(s.rejected, q.Registry)
	return true
}

func noEnv(string) string { return "" }

// run runs one operation.
func (s *fake) run(operation, stdin string) (stdout, stderr string, code int) {
	var out, errs bytes.Buffer
	code = docker.Command{
		Args: strings.Fields(operation), Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &errs, Source: s,
		Fallback: func(_ context.Context, name, operation, stdin string) (string, int, error) {
			s.others = append(s.others, name+" "+operation+" "+stdin)
			return s.other, s.code, s.otherErr
		},
	}.Run(context.Background())
	return out.String(), errs.String(), code
}

const rules = `version = 1
default_profile = "work"
[profiles.work]
tenant = "contoso.example"
[profiles.other]
tenant = "fabrikam.example"
[profiles.china]
cloud = "china"
tenant = "contoso.example"
[[rule]]
host = "registry.corp.example:5443"
scope = "` + scope + `"
profile = "other"
[[rule]]
host = "dev.azure.com/contoso"
profile = "other"
[[rule]]
host = "*.corp.example"
scope = "` + scope + `"
[[rule]]
host = "contosoreg.azurecr.cn"
profile = "china"
`

// What docker sends and reads, as its client library has it.
func TestWire(t *testing.T) {
	const mine = `{"ServerURL":"contosoreg.azurecr.io","Username":"` + nobody + `","Secret":"` + secret + `"}`
	for name, c := range map[string]struct {
		operation, stdin string
		stdout           string
		code             int
	}{
		"get":                   {"get", "contosoreg.azurecr.io", mine + "\n", 0},
		"get, of a person":      {"get", "contosoreg.azurecr.io\r\n", mine + "\n", 0},
		"get, as URL":           {"get", "https://contosoreg.azurecr.io", strings.Replace(mine, `:"c`, `:"https://c`, 1) + "\n", 0},
		"get of docker.io":      {"get", "https://index.docker.io/v1/", notFound, 1},
		"get of another":        {"get", "ghcr.io", notFound, 1},
		"get of http":           {"get", "http://contosoreg.azurecr.io", notFound, 1},
		"get of nothing":        {"get", "", "no credentials server URL\n", 1},
		"get of a line":         {"get", " \n", "no credentials server URL\n", 1},
		"store of what get got": {"store", mine, "", 0},
		"store of <token>":      {"store", strings.Replace(mine, nobody, "<token>", 1), "", 0},
		"store of a password":   {"store", strings.Replace(mine, nobody, "admin", 1), "authlatch signs in to contosoreg.azurecr.io by itself", 1},
		"store of another":      {"store", `{"ServerURL":"ghcr.io","Username":"u","Secret":"s"}`, "docker-credential-authlatch keeps no passwords", 1},
		"store without a user":  {"store", `{"ServerURL":"ghcr.io"}`, "no credentials username\n", 1},
		"store without a URL":   {"store", `{"Username":"u"}`, "no credentials server URL\n", 1},
		"store of no JSON":      {"store", "x", "the credentials are not JSON", 1},
		"erase":                 {"erase", "contosoreg.azurecr.io", "", 0},
		"erase of another":      {"erase", "ghcr.io", "", 0},
		"erase of nothing":      {"erase", "", "no credentials server URL\n", 1},
		"list":                  {"list", "", "{}\n", 0},
		"version":               {"version", "", "docker-credential-authlatch ", 0},
		"help":                  {"--help", "", "docker-credential-authlatch gets", 0},
		"nothing":               {"", "", "Usage: docker-credential-authlatch", 1},
		"two":                   {"get list", "", "Usage: docker-credential-authlatch", 1},
		"unknown":               {"login", "", "docker-credential-authlatch: unknown action: login\n", 1},
		"too much":              {"get", strings.Repeat("x", 1<<20+1), "the input cannot be read", 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := &fake{config: rules}
			stdout, stderr, code := s.run(c.operation, c.stdin)
			if !strings.HasPrefix(stdout, c.stdout) || strings.HasSuffix(c.stdout, "\n") && stdout != c.stdout || c.stdout == "" && stdout != "" || code != c.code {
				t.Errorf("got %q, %d, want %q, %d", stdout, code, c.stdout, c.code)
			}
			if stderr != "" || len(s.others) != 0 {
				t.Errorf("stderr %q, others %q", stderr, s.others)
			}
		})
	}
}

// Which registry's token, under which profile.
func TestWhoseToken(t *testing.T) {
	for server, want := range map[string][3]string{
		"contosoreg.azurecr.io":                 {"work", "contosoreg.azurecr.io", scope},
		"ContosoReg.azurecr.io:443":             {"work", "contosoreg.azurecr.io", scope},
		"contosoreg.westeurope.data.azurecr.io": {"work", "contosoreg.azurecr.io", scope},
		"contosoreg.westeurope.geo.azurecr.io":  {"work", "contosoreg.westeurope.geo.azurecr.io", scope},
		"registry.corp.example:5443":            {"other", "registry.corp.example:5443", scope},
		"registry.corp.example":                 {"work", "registry.corp.example", scope},
		"contosoreg.azurecr.cn":                 {"china", "contosoreg.azurecr.cn", "https://management.chinacloudapi.cn/.default"},
	} {
		s := &fake{config: rules}
		stdout, stderr, code := s.run("get", server)
		if code != 0 || len(s.asked) != 1 {
			t.Errorf("%s: %d, %q, %q", server, code, stdout, stderr)
			continue
		}
		q := s.asked[0]
		if got := [3]string{s.profiles[0], q.Registry, strings.Join(q.Scopes, " ")}; got != want || q.Interaction != "never" || q.Client != "docker" {
			t.Errorf("%s: got %q, %+v", server, got, q)
		}
	}
	s := &fake{config: rules + "[docker]\ninteractive = true\n"}
	s.run("get", "contosoreg.azurecr.io")
	if s.asked[0].Interaction != "auto" {
		t.Errorf("interactive asks %q", s.asked[0].Interaction)
	}
}

// Whatever stands in the way of a credential, docker hears that there is none: any
// other error would end a build that may not need it. The person is told.
func TestNoCredentialIsNoError(t *testing.T) {
	for name, c := range map[string]struct {
		server string
		err    error
		stderr string
	}{
		"not signed in":   {"contosoreg.azurecr.io", &report.Exited{Code: 3}, ""}, // authlatch has told
		"no network":      {"contosoreg.azurecr.io", &report.Exited{Code: 5}, ""},
		"not installed":   {"contosoreg.azurecr.io", &report.Error{Code: 1, What: "authlatch is not there", Next: "install it"}, "docker-credential-authlatch: authlatch is not there\n  install it\n"},
		"another failure": {"contosoreg.azurecr.io", errors.New("odd"), "docker-credential-authlatch: odd\n"},
		"another cloud":   {"contosoreg.azurecr.us", nil, "belongs to the cloud usgovernment"},
	} {
		s := &fake{config: rules, err: c.err}
		stdout, stderr, code := s.run("get", c.server)
		if stdout != notFound || code != 1 || !strings.Contains(stderr, c.stderr) || c.stderr == "" && stderr != "" {
			t.Errorf("%s: %q, %q, %d", name, stdout, stderr, code)
		}
	}
	s := &fake{config: "version = 1\nfoo = 2\n"}
	for _, operation := range []string{"get", "erase", "list"} {
		stdout, stderr, code := s.run(operation, "contosoreg.azurecr.io")
		if code != 1 || !strings.Contains(stdout, "/etc/authlatch.toml:2: foo: ") || !strings.Contains(stderr, "foo") {
			t.Errorf("%s with a broken config: %q, %q, %d", operation, stdout, stderr, code)
		}
	}
}

// erase drops the registry's token, and asks for nothing.
func TestErase(t *testing.T) {
	s := &fake{config: rules}
	s.run("erase", "contosoreg.azurecr.io")
	if len(s.rejected) != 1 || s.rejected[0] != "contosoreg.azurecr.io" || len(s.asked) != 0 {
		t.Errorf("rejected %q, asked %v", s.rejected, s.asked)
	}
}

// list names what a get answers without asking anybody.
func TestList(t *testing.T) {
	s := &fake{config: rules, cached: map[string]bool{"registry.corp.example:5443": true}}
	stdout, _, code := s.run("list", "")
	if code != 0 || stdout != `{"registry.corp.example:5443":"`+nobody+`"}`+"\n" || len(s.asked) != 0 {
		t.Errorf("got %q, %d", stdout, code)
	}
	s = &fake{config: rules + "[docker]\nfallback = \"pass\"\n", cached: map[string]bool{"registry.corp.example:5443": true},
		other: `{"ghcr.io":"me","contosoreg.azurecr.io":"old"}`}
	stdout, _, _ = s.run("list", "")
	var all map[string]string
	if err := json.Unmarshal([]byte(stdout), &all); err != nil || len(all) != 2 || all["ghcr.io"] != "me" {
		t.Errorf("got %q: what authlatch answers for itself is not the other's", stdout)
	}
	for _, bad := range []*fake{{other: "no"}, {other: "{}", code: 1}, {otherErr: errors.New("not there")}} {
		bad.config, bad.cached = s.config, s.cached
		stdout, stderr, code := bad.run("list", "")
		if code != 0 || !strings.Contains(stdout, "registry.corp.example") || !strings.Contains(stderr, "docker-credential-pass") {
			t.Errorf("another helper that fails: %q, %q, %d", stdout, stderr, code)
		}
	}
}

// The other helper is asked what is not authlatch's, byte by byte, and only that.
func TestFallback(t *testing.T) {
	s := &fake{config: rules + "[docker]\nfallback = \"pass\"\n", other: "what it says\n", code: 1}
	for operation, stdin := range map[string]string{
		"get": "https://index.docker.io/v1/", "erase": "ghcr.io\n", "store": `{"ServerURL":"ghcr.io","Username":"u","Secret":"s"}`,
	} {
		s.others = nil
		stdout, stderr, code := s.run(operation, stdin)
		if stdout != s.other || stderr != "" || code != 1 || len(s.others) != 1 || s.others[0] != "pass "+operation+" "+stdin {
			t.Errorf("%s: %q, %q, %d, %q", operation, stdout, stderr, code, s.others)
		}
	}
	s.others = nil
	s.run("get", "contosoreg.azurecr.io")
	s.run("erase", "contosoreg.azurecr.io")
	s.run("store", `{"ServerURL":"contosoreg.azurecr.io","Username":"u","Secret":"s"}`)
	if len(s.others) != 0 {
		t.Errorf("the other helper got %q", s.others)
	}
	s.otherErr = errors.New("not in PATH")
	for operation, want := range map[string]string{"get": notFound, "erase": "", "store": "docker-credential-pass cannot be run, and nothing is kept\n"} {
		stdout, stderr, _ := s.run(operation, map[string]string{"store": `{"ServerURL":"ghcr.io","Username":"u","Secret":"s"}`}[operation]+map[bool]string{true: "ghcr.io"}[operation != "store"])
		if stdout != want || !strings.Contains(stderr, "correct fallback in [docker] of /etc/authlatch.toml") {
			t.Errorf("%s: %q, %q", operation, stdout, stderr)
		}
	}
}

// host/service/servicetest/hostile.txt through get, store and erase: nothing is asked
// for, nothing is dropped, and docker hears that there is no credential.
func TestHostileHosts(t *testing.T) {
	hosts := hostile(t)
	if len(hosts) < 200 {
		t.Errorf("%d hostile hosts", len(hosts))
	}
	s := &fake{config: rules}
	for _, host := range append(hosts, strings.Repeat("x", 100_000)) {
		stdout, _, code := s.run("get", host)
		if code != 1 || stdout != notFound && stdout != "no credentials server URL\n" {
			t.Errorf("%.80q: %q, %d", host, stdout, code)
		}
		s.run("erase", host)
		given, err := json.Marshal(map[string]string{"ServerURL": host, "Username": nobody, "Secret": "s"})
		if err != nil {
			t.Fatal(err)
		}
		if stdout, _, code := s.run("store", string(given)); code != 1 || strings.Contains(stdout, secret) {
			t.Errorf("store of %.80q: %q, %d", host, stdout, code)
		}
	}
	if len(s.asked) != 0 || len(s.rejected) != 0 {
		t.Errorf("asked for %v, rejected %q", s.asked, s.rejected)
	}
}

func hostile(t testing.TB) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "host", "service", "servicetest", "hostile.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		if line[0] == '"' {
			if line, err = strconv.Unquote(line); err != nil {
				t.Fatal(err)
			}
		}
		all = append(all, line)
	}
	return all
}

// Whatever docker writes, stdout is one answer, and a token only for a registry.
func FuzzStdin(f *testing.F) {
	for _, s := range []string{"contosoreg.azurecr.io", "https://index.docker.io/v1/", `{"ServerURL":"ghcr.io","Username":"u","Secret":"s"}`, "\x00\r\n", `{"ServerURL":1}`} {
		for op := range byte(4) {
			f.Add(op, s)
		}
	}
	f.Fuzz(func(t *testing.T, op byte, stdin string) {
		operation := []string{"get", "store", "erase", "list"}[op%4]
		s := &fake{config: rules, cached: map[string]bool{"registry.corp.example:5443": true}}
		stdout, _, code := s.run(operation, stdin)
		switch {
		case code != 0 && code != 1:
			t.Errorf("exit code %d", code)
		case strings.Contains(stdout, secret) && (operation != "get" || code != 0 || len(s.asked) != 1):
			t.Errorf("%s of %q gives %q", operation, stdin, stdout)
		case code == 1 && strings.Count(stdout, "\n") != 1:
			t.Errorf("%s of %q says %q", operation, stdin, stdout)
		}
		for _, q := range s.asked {
			if !strings.HasSuffix(q.Registry, ".azurecr.io") && !strings.HasSuffix(q.Registry, ".azurecr.cn") &&
				!strings.HasSuffix(strings.Split(q.Registry, ":")[0], ".corp.example") {
				t.Errorf("%q asks for %q", stdin, q.Registry)
			}
		}
	})
}
