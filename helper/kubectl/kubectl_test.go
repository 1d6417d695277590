package kubectl

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/authlatch/authlatch/helper/exchange"
	"github.com/authlatch/authlatch/helper/report"
	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/store"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// fake answers with token or err, and keeps what it was asked.
type fake struct {
	servers []string
	token   store.Token
	err     error
	asked   *exchange.Request
}

func (f *fake) Settings(path, profile string) (config.Settings, error) {
	if profile == "broken" {
		return config.Settings{}, &config.Error{File: path, Line: 3, Key: "profiles.x.tenant", Problem: "must be a string", Next: "fix it"}
	}
	return config.Settings{Profile: "work", Entra: true, Cloud: "public", Tenant: "organizations", Servers: f.servers}, nil
}

func (f *fake) Token(_ context.Context, _ config.Settings, q exchange.Request) (store.Token, error) {
	f.asked = &q
	return f.token, f.err
}

func run(f *fake, execInfo string, args ...string) (code int, stdout, stderr string) {
	if f.token.ExpiresOn.IsZero() {
		f.token = store.Token{Secret: store.NewSecret("tok"), ExpiresOn: noon.Add(time.Hour)}
	}
	var out, errs bytes.Buffer
	code = Command{
		Args: args, Stdout: &out, Stderr: &errs, Source: f, Now: func() time.Time { return noon },
		Env: func(name string) string {
			if name == "KUBERNETES_EXEC_INFO" {
				return execInfo
			}
			return ""
		},
	}.Run(context.Background())
	return code, out.String(), errs.String()
}

func info(version, spec string) string {
	return `{"apiVersion":"client.authentication.k8s.io/` + version + `","kind":"ExecCredential","spec":` + spec + `,"new":1}`
}

func TestTheAnswerIsInTheVersionAsked(t *testing.T) {
	for execInfo, version := range map[string]string{
		info("v1", `{"interactive":true}`):       "v1",
		info("v1beta1", `{"interactive":false}`): "v1beta1",
		"":                                       "v1",
	} {
		code, out, errs := run(&fake{}, execInfo, "get-token")
		want := `{"apiVersion":"client.authentication.k8s.io/` + version + `","kind":"ExecCredential","status":{"expirationTimestamp":"2026-01-01T12:55:00Z","token":"tok"}}` + "\n"
		if code != 0 || out != want || errs != "" {
			t.Errorf("%d\n%s\n%s\n%s", code, out, want, errs)
		}
	}
}

func TestWhatIsAsked(t *testing.T) {
	cluster := func(more string) string {
		return info("v1", `{"interactive":true,"cluster":{"server":"https://k8s.example","certificate-authority-data":"x"`+more+`}}`)
	}
	for _, c := range []struct {
		name, execInfo string
		args           []string
		want           exchange.Request
	}{
		{"defaults", "", nil, exchange.Request{Scopes: []string{aks + "/.default"}, Interaction: "auto"}},
		{"a person may be asked", info("v1", `{"interactive":true}`), nil, exchange.Request{Scopes: []string{aks + "/.default"}, Interaction: "auto"}},
		{"nobody may be asked", info("v1", `{"interactive":false}`), []string{"--interactive", "force"}, exchange.Request{Scopes: []string{aks + "/.default"}, Interaction: "never"}},
		{
			"flags, with one dash or two", "", []string{"-p", "work", "-server-id=api://x", "--tenant", "Contoso.com", "--config", "/c", "--error-format=json", "--interactive=never", "--no-color", "--log-level", "debug"},
			exchange.Request{Profile: "work", Config: "/c", Scopes: []string{"api://x/.default"}, Tenant: "contoso.com", Interaction: "never", ErrorFormat: "json"},
		},
		{"a scope as server id", "", []string{"--server-id", "https://x.example//.default"}, exchange.Request{Scopes: []string{"https://x.example//.default"}, Interaction: "auto"}},
		{"the cluster says", cluster(`,"config":{"tenant":"contoso.com","server_id":"api://y","other":{"x":1}}`), nil, exchange.Request{Scopes: []string{"api://y/.default"}, Tenant: "contoso.com", Interaction: "auto"}},
		{"flags win over the cluster", cluster(`,"config":{"tenant":"contoso.com","server_id":"api://y"}`), []string{"--tenant", "a.example", "--server-id", "api://z"}, exchange.Request{Scopes: []string{"api://z/.default"}, Tenant: "a.example", Interaction: "auto"}},
		{"no extension", cluster(`,"config":null`), nil, exchange.Request{Scopes: []string{aks + "/.default"}, Interaction: "auto"}},
	} {
		f := &fake{servers: []string{"https://k8s.example"}}
		if !strings.Contains(c.execInfo, "cluster") {
			f.servers = nil
		}
		code, _, errs := run(f, c.execInfo, append([]string{"get-token"}, c.args...)...)
		c.want.Client = "kubectl"
		if c.want.ErrorFormat == "" {
			c.want.ErrorFormat = "text"
		}
		if code != 0 || f.asked == nil {
			t.Errorf("%s: %d, %s", c.name, code, errs)
			continue
		}
		got, _ := json.Marshal(*f.asked)
		want, _ := json.Marshal(c.want)
		if string(got) != string(want) {
			t.Errorf("%s:\n%s\n%s", c.name, got, want)
		}
	}
}

func TestExpiryLeavesHeadroom(t *testing.T) {
	for _, c := range []struct {
		name              string
		obtained, expires time.Duration
		want              string
	}{
		{"an hour", 0, time.Hour, "2026-01-01T12:55:00Z"},
		{"a token that lives for a minute", 0, time.Minute, "2026-01-01T12:00:45Z"},
		{"almost over: never in the past", -time.Hour, time.Minute, "2026-01-01T12:01:00Z"},
	} {
		f := &fake{token: store.Token{Secret: store.NewSecret("x"), ObtainedOn: noon.Add(c.obtained), ExpiresOn: noon.Add(c.expires).In(time.FixedZone("", 3600))}}
		if _, out, _ := run(f, "", "get-token"); !strings.Contains(out, `"`+c.want+`"`) {
			t.Errorf("%s: %s", c.name, out)
		}
	}
}

// Every failure: its exit code, one clear error, and nothing on stdout.
func TestFailures(t *testing.T) {
	servers := []string{"https://k8s.example"}
	for _, c := range []struct {
		name     string
		fake     fake
		execInfo string
		args     []string
		code     int
		want     string
	}{
		{"no command", fake{}, "", nil, 2, "kubectl-authlatch: a command is missing\n  run: kubectl-authlatch --help\n"},
		{"unknown command", fake{}, "", []string{"get"}, 2, "kubectl-authlatch: there is no command \"get\"\n  run: kubectl-authlatch --help\n"},
		{"unknown flag", fake{}, "", []string{"get-token", "--pop"}, 2, "kubectl-authlatch: --pop: there is no such flag"},
		{"unknown flag, as JSON", fake{}, "", []string{"get-token", "--error-format", "json", "--x"}, 2, `{"exit_code":2,"what":"-x: there is no such flag","next":"run: kubectl-authlatch --help"}`},
		{"an argument", fake{}, "", []string{"get-token", "work"}, 2, "takes no arguments"},
		{"an empty flag", fake{}, "", []string{"get-token", "--profile", ""}, 2, "--profile: must not be empty"},
		{"interactive", fake{}, "", []string{"get-token", "--interactive", "maybe"}, 2, "--interactive: must be auto, never or force, not \"maybe\""},
		{"error format", fake{}, "", []string{"get-token", "--error-format", "xml"}, 2, "--error-format: must be text or json"},
		{"server id", fake{}, "", []string{"get-token", "--server-id", "a b"}, 2, "the server id is malformed"},
		{"v1alpha1", fake{}, info("v1alpha1", "{}"), []string{"get-token"}, 2, "v1alpha1 is no longer supported\n  set apiVersion: client.authentication.k8s.io/v1"},
		{"a later version", fake{}, info("v9", "{}"), []string{"get-token"}, 2, "its apiVersion is not known"},
		{"another kind", fake{}, `{"apiVersion":"client.authentication.k8s.io/v1","kind":"Pod"}`, []string{"get-token"}, 2, "is of another kind"},
		{"garbage", fake{}, `{`, []string{"get-token"}, 2, "KUBERNETES_EXEC_INFO: is not an ExecCredential"},
		{"config of a wrong type", fake{}, info("v1", `{"cluster":{"config":{"tenant":5}}}`), []string{"get-token"}, 2, "is not an ExecCredential"},
		{"bad config", fake{}, "", []string{"get-token", "-p", "broken", "--config", "/c"}, 2, "kubectl-authlatch: /c:3: profiles.x.tenant: must be a string\n  fix it\n"},
		{"another server", fake{servers: servers}, info("v1", `{"cluster":{"server":"https://evil.example"}}`), []string{"get-token"}, 7, "cluster server: profile work gives no token to https://evil.example"},
		{"a look-alike", fake{servers: servers}, info("v1", `{"cluster":{"server":"https://k8s.example.evil.example"}}`), []string{"get-token"}, 7, "gives no token to"},
		{"an unlisted cluster that says whose token it wants", fake{}, info("v1", `{"cluster":{"server":"https://evil.example","config":{"server_id":"https://management.azure.com"}}}`), []string{"get-token"}, 7, "give --server-id"},
		{"an unlisted cluster that says of which tenant", fake{}, info("v1", `{"cluster":{"server":"https://evil.example","config":{"tenant":"evil.example"}}}`), []string{"get-token"}, 7, "give --tenant"},
		{"a listed server by another's proxy", fake{servers: servers}, info("v1", `{"cluster":{"server":"https://k8s.example","proxy-url":"http://evil.example:3128"}}`), []string{"get-token"}, 7, "the cluster's proxy-url may lead to another one"},
		{"a listed server that anybody may be", fake{servers: servers}, info("v1", `{"cluster":{"server":"https://k8s.example","insecure-skip-tls-verify":true}}`), []string{"get-token"}, 7, "the cluster's insecure-skip-tls-verify may"},
		{"a listed server with another's certificate", fake{servers: servers}, info("v1", `{"cluster":{"server":"https://k8s.example","tls-server-name":"evil.example"}}`), []string{"get-token"}, 7, "the cluster's tls-server-name may"},
		{"a hidden server", fake{servers: servers}, info("v1", `{}`), []string{"get-token"}, 7, "set provideClusterInfo: true"},
		{"authlatch has told it", fake{err: &report.Exited{Code: 3}}, "", []string{"get-token"}, 3, ""},
		{"anything else", fake{err: errors.New("boom")}, "", []string{"get-token"}, 1, "kubectl-authlatch: boom\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, out, errs := run(&c.fake, c.execInfo, c.args...)
			if code != c.code || out != "" || !strings.Contains(errs, c.want) || strings.Count(errs, "\n") > 3 {
				t.Errorf("%d, stdout %q, stderr %q", code, out, errs)
			}
			if c.want == "" && errs != "" {
				t.Errorf("told twice: %q", errs)
			}
		})
	}
}

func TestServersThatAreListed(t *testing.T) {
	f := &fake{servers: []string{"https://k8s.example"}}
	if code, _, errs := run(f, info("v1", `{"cluster":{"server":"https://K8S.example:443"}}`), "get-token"); code != 0 {
		t.Errorf("%d %s", code, errs)
	}
	if code, _, errs := run(f, "", "get-token"); code != 0 {
		t.Errorf("by hand: %d %s", code, errs)
	}
}

func TestHelpAndVersion(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"-h"}, {"help"}, {"get-token", "--help"}, {"version"}, {"--version"}} {
		code, out, errs := run(&fake{}, "", args...)
		if code != 0 || !strings.HasPrefix(out, "kubectl-authlatch ") || errs != "" {
			t.Errorf("%v: %d %q %q", args, code, out, errs)
		}
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("closed") }

func TestAnAnswerThatNobodyReadIsNoSuccess(t *testing.T) {
	var errs bytes.Buffer
	code := Command{
		Args: []string{"get-token"}, Env: func(string) string { return "" }, Stdout: broken{}, Stderr: &errs,
		Source: &fake{token: store.Token{Secret: store.NewSecret("x"), ExpiresOn: noon}}, Now: func() time.Time { return noon },
	}.Run(context.Background())
	if code != 1 || !strings.Contains(errs.String(), "cannot be written") {
		t.Errorf("%d %s", code, errs.String())
	}
}

func FuzzExecInfo(f *testing.F) {
	f.Add(info("v1", `{"interactive":true,"cluster":{"server":"https://x","config":{"tenant":"t"}}}`))
	f.Add("{}")
	f.Fuzz(func(t *testing.T, text string) {
		code, out, errs := run(&fake{servers: []string{"https://k8s.example"}}, text, "get-token")
		if (code == 0) != json.Valid([]byte(out)) || (code == 0) == (errs != "") {
			t.Fatalf("%q: %d %q %q", text, code, out, errs)
		}
	})
}
