package git

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authlatch/authlatch/helper/exchange"
	"github.com/authlatch/authlatch/helper/report"
	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/store"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

const (
	scope    = "499b84ac-1321-427f-aa17-267ca6975798/.default"
	contoso  = "aaaaaaaa-0000-4000-8000-000000000001"
	fabrikam = "bbbbbbbb-0000-4000-8000-000000000002"
	stranger = "cccccccc-0000-4000-8000-000000000003"
)

const rules = `version = 1
default_profile = "work"
[profiles.work]
tenant = "` + contoso + `"
additionally_allowed_tenants = ["` + fabrikam + `", "partner.example"]
[profiles.any]
[profiles.named]
tenant = "contoso.example"
[profiles.other]
tenant = "` + fabrikam + `"
[profiles.china]
cloud = "china"

[[rule]]
host = "dev.azure.com/fabrikam"
profile = "other"

[[rule]]
host = "git.corp.example"
profile = "china"
scope = "api://git/.default"

[[rule]]
host = "registry.corp.example"
scope = "https://containerregistry.azure.net/.default"
`

// fake resolves the config at path, or an empty one, answers with one token or err, and keeps what it
// was asked.
type fake struct {
	path             string
	token            store.Token
	err              error
	asked            *exchange.Request
	rejected, forgot []exchange.Request
	secrets          []string
}

func newFake(t *testing.T) *fake {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(path, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	return &fake{path: path, token: newToken()}
}

func newToken() store.Token {
	return store.Token{
		Secret: store.NewSecret("tok.en"), ExpiresOn: noon.Add(time.Hour), Account: store.Account{Username: "alice@contoso.example"},
	}
}

func noEnv(string) string { return "" }

func (f *fake) File(path string) (*config.File, error) {
	if path == "" && f.path == "" {
		return &config.File{}, nil
	}
	if path == "" {
		path = f.path
	}
	return config.Load(path, noEnv)
}

func (f *fake) Resolve(file *config.File, profile string) (config.Settings, error) {
	return config.Resolve(file, config.Flags{Profile: profile}, noEnv)
}

func (f *fake) Token(_ context.Context, s config.Settings, q exchange.Request) (store.Token, error) {
	f.asked = &q
	return f.token, errors.Join(f.err, s.CheckTenant(q.Tenant))
}

func (f *fake) Reject(_ config.Settings, q exchange.Request, secret string) bool {
	f.rejected, f.secrets = append(f.rejected, q), append(f.secrets, secret)
	return true
}

func (f *fake) Forget(_ config.Settings, q exchange.Request) bool {
	f.forgot = append(f.forgot, q)
	return true
}

// run is one call with an input, whose end must have been read.
func run(t *testing.T, f *fake, input string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return runIn(t, f, noEnv, input, args...)
}

func runIn(t *testing.T, f *fake, env config.Env, input string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	in := strings.NewReader(input)
	code = Command{
		Args: args, Env: env, Stdin: in, Stdout: &out, Stderr: &errs, Source: f, Now: func() time.Time { return noon },
	}.Run(t.Context())
	if in.Len() > 0 && args[len(args)-1] != "capability" {
		t.Errorf("%d bytes of stdin are left", in.Len())
	}
	return code, out.String(), errs.String()
}

const (
	devops = "protocol=https\nhost=dev.azure.com\n"
	modern = "capability[]=authtype\ncapability[]=state\n" + devops
	bearer = "capability[]=authtype\nauthtype=Bearer\ncredential=tok.en\nephemeral=1\npassword_expiry_utc=1767272100\n"
	basic  = "username=alice@contoso.example\npassword=tok.en\npassword_expiry_utc=1767272100\n"
)

// What git sends, and what it gets: an expiry five minutes before the token's.
func TestWireFacts(t *testing.T) {
	for _, c := range []struct{ name, operation, in, want string }{
		{"git 2.46 and later", "get", modern + "\n", bearer},
		{"an older git", "get", devops + "\n", basic},
		{"no empty line at the end", "get", devops, basic},
		{"what follows the empty line is none of it", "get", devops + "\nhost=evil.example\n", basic},
		{"capabilities of others alone", "get", "capability[]=fido\n" + devops, basic},
		{"capabilities taken back", "get", "capability[]=authtype\ncapability[]=\n" + devops, basic},
		{"state alone", "get", "capability[]=state\n" + devops, basic},
		{"attributes that are not known", "get", devops + "oauth_refresh_token=x\nnew[]=\nnewer=\n", basic},
		{"the URL's user", "get", devops + "username=contoso\n", strings.Replace(basic, "alice@contoso.example", "contoso", 1)},
		{"a user that Basic cannot carry", "get", devops + "username=a:b\n", basic},
		{"an organisation's old name", "get", "protocol=https\nhost=contoso.visualstudio.com\n", basic},
		{"port 443", "get", "protocol=https\nhost=dev.azure.com:443\n", basic},
		{"capability", "capability", "", "version 0\ncapability authtype\ncapability state\n"},
		{"store", "store", devops + "username=u\npassword=tok.en\n", ""},
		{"an operation of a later git", "approve-all", modern, ""},
		{"an operation of a later git, whatever its input", "later", "\r\x00", ""},
		{"store of what cannot be read", "store", "\r\x00", ""},
		{"another host", "get", "protocol=https\nhost=github.com\n", ""},
		{"another service's host", "get", "protocol=https\nhost=registry.corp.example\n", ""},
		{"a registry", "get", "protocol=https\nhost=contosoreg.azurecr.io\n", ""},
		{"another protocol", "get", "protocol=ssh\nhost=dev.azure.com\n", ""},
		{"a certificate's password", "get", "protocol=cert\nhost=\npath=/home/me/key.pem\n", ""},
		{"no host", "get", "protocol=https\n", ""},
		{"nothing", "get", "", ""},
		{"erase of another host", "erase", "protocol=https\nhost=github.com\npassword=theirs\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			code, stdout, stderr := run(t, f, c.in, c.operation)
			if code != 0 || stdout != c.want || stderr != "" {
				t.Errorf("code %d\n%s%s\nwant\n%s", code, stdout, stderr, c.want)
			}
			if f.rejected != nil || f.forgot != nil || c.want == "" && f.asked != nil {
				t.Error("the source was asked")
			}
		})
	}
}

// The account that is asked for: by the host, its organisation, and the flags.
func TestWhoseToken(t *testing.T) {
	for _, c := range []struct {
		name, in, profile, scope string
		args                     []string
	}{
		{name: "the default", in: devops, scope: scope},
		{name: "an organisation by its path", in: devops + "path=fabrikam/proj/_git/r\n", profile: "other", scope: scope},
		{name: "an organisation by the URL's user", in: devops + "username=fabrikam\n", profile: "other", scope: scope},
		{name: "the path before the user", in: devops + "username=fabrikam\npath=contoso/p/_git/r\n", scope: scope},
		{name: "whose name begins so", in: devops + "path=fabrikam2/p/_git/r\n", scope: scope},
		{name: "a path with blanks and signs", in: devops + "path=fabrikam/my proj/_git/100%?#\n", profile: "other", scope: scope},
		{name: "a mail address as user", in: devops + "username=fabrikam@contoso.example\n", scope: scope},
		{name: "an own server", in: "protocol=https\nhost=git.corp.example\npath=a.git\n", profile: "china", scope: "api://git/.default"},
		{name: "the flag before the rule", in: devops + "path=fabrikam/p\n", profile: "any", scope: scope, args: []string{"-p", "any"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			code, stdout, stderr := run(t, f, c.in, append(c.args, "get")...)
			if code != 0 || !strings.Contains(stdout, "tok.en") || f.asked == nil {
				t.Fatalf("code %d %s%s", code, stdout, stderr)
			}
			q := *f.asked
			if q.Profile != c.profile || !slices.Equal(q.Scopes, []string{c.scope}) || q.Client != "git" || q.Interaction != "auto" {
				t.Errorf("asked for %+v", q)
			}
		})
	}
}

// The tenant is the server's choice among those that the profile allows.
func TestTenant(t *testing.T) {
	challenge := func(tenant string) string {
		return "wwwauth[]=Bearer authorization_uri=https://login.microsoftonline.com/" + tenant + "\nwwwauth[]=Basic realm=\"https://tfs.example/\"\n"
	}
	for _, c := range []struct{ name, profile, headers, want, refused string }{
		{name: "none", profile: "work"},
		{name: "the profile's own", profile: "work", headers: challenge(contoso)},
		{name: "in capitals", profile: "work", headers: challenge(strings.ToUpper(contoso))},
		{name: "an allowed one", profile: "work", headers: challenge(fabrikam), want: fabrikam},
		{name: "an allowed domain", profile: "work", headers: challenge("Partner.Example"), want: "partner.example"},
		{name: "quoted, among others, with a path", profile: "work", headers: `wwwauth[]=bearer realm="", authorization_uri="https://login.windows.net/` + fabrikam + `/oauth2/authorize", error=x` + "\n", want: fabrikam},
		{name: "another tenant than the profile's", profile: "work", headers: challenge(stranger), refused: "belongs to tenant " + stranger},
		{name: "a profile by name may be the same", profile: "named", headers: challenge(stranger)},
		{name: "a profile for any", profile: "any", headers: challenge(stranger), want: stranger},
		{name: "an organisation of no tenant", profile: "work", headers: challenge(noTenant)},
		{name: "headers taken back", profile: "any", headers: challenge(stranger) + "wwwauth[]=\n"},
		{name: "another provider's", profile: "any", headers: "wwwauth[]=Bearer authorization_uri=https://evil.example/" + stranger + "\n"},
		{name: "a provider that looks alike", profile: "any", headers: "wwwauth[]=Bearer authorization_uri=https://login.microsoftonline.com.evil.example/" + stranger + "\n"},
		{name: "a user before another host", profile: "any", headers: "wwwauth[]=Bearer authorization_uri=https://login.microsoftonline.com@evil.example/" + stranger + "\n"},
		{name: "without TLS", profile: "any", headers: "wwwauth[]=Bearer authorization_uri=http://login.microsoftonline.com/" + stranger + "\n"},
		{name: "another scheme", profile: "any", headers: "wwwauth[]=Basic authorization_uri=https://login.microsoftonline.com/" + stranger + "\n"},
		{name: "common", profile: "any", headers: challenge("common")},
		{name: "a path", profile: "any", headers: challenge("..%2f" + stranger)},
		{name: "dots", profile: "any", headers: challenge("..")},
		{name: "bidirectional characters", profile: "any", headers: challenge("\u202econtoso.example")},
		{name: "nothing", profile: "any", headers: challenge("")},
		{name: "too much", profile: "any", headers: challenge(strings.Repeat("a.", 5000))},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			code, stdout, stderr := run(t, f, modern+c.headers, "-p", c.profile, "get")
			if c.refused != "" {
				if code != report.Policy || stdout != "" || f.asked != nil || !strings.Contains(stderr, c.refused) || !strings.Contains(stderr, "additionally_allowed_tenants") {
					t.Errorf("code %d %s%s", code, stdout, stderr)
				}
				return
			}
			if code != 0 || f.asked == nil || f.asked.Tenant != c.want {
				t.Fatalf("code %d %s%s asked %+v, want %q", code, stdout, stderr, f.asked, c.want)
			}
			kept := "capability[]=state\n"
			if strings.Contains(stdout, kept) != (c.want != "") || strings.Contains(stdout, "state[]=authlatch:tenant:"+c.want+"\n") != (c.want != "") {
				t.Errorf("state of %q:\n%s", c.want, stdout)
			}
		})
	}
}

// What is ours and cannot be answered is told in a few lines on stderr, with a
// code; git goes on.
func TestFailures(t *testing.T) {
	for _, c := range []struct {
		name, in string
		args     []string
		code     int
		says     string
	}{
		{name: "http", in: "protocol=http\nhost=dev.azure.com\n", code: 7, says: "by https only"},
		{name: "another cloud's profile", in: devops, args: []string{"-p", "china"}, code: 7, says: "belongs to the cloud public"},
		{name: "a path of two readings", in: devops + "path=contoso/../fabrikam\n", code: 7, says: "could be read in two ways"},
		{name: "no profile", in: devops, args: []string{"-p", "none"}, code: 2, says: "none"},
		{name: "a config that is not there", in: devops, args: []string{"--config", "/nonexistent"}, code: 2, says: "/nonexistent"},
		{name: "a flag that is none", in: "", args: []string{"--porfile", "x"}, code: 2, says: "--porfile: there is no such flag"},
		{name: "an empty flag", in: "", args: []string{"-p", ""}, code: 2, says: "must not be empty"},
		{name: "a mode that is none", in: "", args: []string{"--interactive", "force"}, code: 2, says: "auto or never"},
		{name: "a format that is none", in: "", args: []string{"--error-format", "xml"}, code: 2, says: "text or json"},
		{name: "a carriage return", in: "protocol=https\nhost=dev.azure.com\r\n", code: 2, says: "carriage return"},
		{name: "Windows' line ends", in: "protocol=https\r\nhost=dev.azure.com\r\n\r\n", code: 2, says: "carriage return"},
		{name: "a zero byte", in: "protocol=https\nhost=dev.azure.com\x00.evil.example\n", code: 2, says: "zero byte"},
		{name: "two hosts", in: devops + "host=evil.example\n", code: 2, says: "host is there twice"},
		{name: "the same host twice", in: devops + "host=dev.azure.com\n", code: 2, says: "host is there twice"},
		{name: "an empty host before", in: "protocol=https\nhost=\nhost=dev.azure.com\n", code: 2, says: "host is there twice"},
		{name: "two protocols", in: devops + "protocol=http\n", code: 2, says: "protocol is there twice"},
		{name: "two paths", in: devops + "path=a\npath=b\n", code: 2, says: "path is there twice"},
		{name: "no equals sign", in: devops + "host\n", code: 2, says: "is not key=value"},
		{name: "no key", in: devops + "=x\n", code: 2, says: "is not key=value"},
		{name: "a long line", in: devops + "x=" + strings.Repeat("x", maxLine) + "\n", code: 2, says: "longer than 128 KiB"},
		{name: "a long input", in: devops + strings.Repeat("x=y\n", 400_000), code: 2, says: "longer than 1 MiB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			code, stdout, stderr := run(t, f, c.in, append(c.args, "get")...)
			if code != c.code || stdout != "" || !strings.HasPrefix(stderr, "git-credential-authlatch: ") || !strings.Contains(stderr, c.says) || strings.Count(stderr, "\n") > 3 {
				t.Errorf("code %d %s%s", code, stdout, stderr)
			}
			if f.asked != nil {
				t.Error("a token was asked for")
			}
		})
	}
	t.Run("authlatch has told it", func(t *testing.T) {
		f := newFake(t)
		f.err = &report.Exited{Code: 3}
		if code, stdout, stderr := run(t, f, devops, "get"); code != 3 || stdout+stderr != "" {
			t.Errorf("code %d %s%s", code, stdout, stderr)
		}
	})
	t.Run("no operation", func(t *testing.T) {
		var out, errs bytes.Buffer
		code := Command{Env: noEnv, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Source: newFake(t), Now: time.Now}.Run(t.Context())
		if code != 2 || out.Len() > 0 || !strings.Contains(errs.String(), "the operation is missing") {
			t.Errorf("code %d %s%s", code, &out, &errs)
		}
	})
	t.Run("a token that is two lines", func(t *testing.T) {
		f := newFake(t)
		f.token.Secret = store.NewSecret("a\nhost=evil.example")
		if code, stdout, stderr := run(t, f, devops, "get"); code != 1 || stdout != "" || strings.Contains(stderr, "evil") {
			t.Errorf("code %d %s%s", code, stdout, stderr)
		}
	})
	t.Run("in JSON", func(t *testing.T) {
		if _, _, stderr := run(t, newFake(t), "protocol=http\nhost=dev.azure.com\n", "--error-format", "json", "get"); !strings.HasPrefix(stderr, `{"exit_code":7,`) {
			t.Error(stderr)
		}
	})
	t.Run("nobody reads", func(t *testing.T) {
		var errs bytes.Buffer
		code := Command{Args: []string{"get"}, Env: noEnv, Stdin: strings.NewReader(devops), Stdout: closed{}, Stderr: &errs, Source: newFake(t), Now: time.Now}.Run(t.Context())
		if code != 1 || !strings.Contains(errs.String(), "cannot be written") {
			t.Errorf("code %d %s", code, &errs)
		}
	})
}

type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// Nobody is asked where git may not ask either.
func TestGitMayForbidQuestions(t *testing.T) {
	for value, want := range map[string]string{"": "auto", "1": "auto", "true": "auto", "0": "never", "false": "never", "No": "never", "off": "never"} {
		f := newFake(t)
		env := func(name string) string {
			if name == "GIT_TERMINAL_PROMPT" {
				return value
			}
			return ""
		}
		if _, _, _ = runIn(t, f, env, devops, "get"); f.asked.Interaction != want {
			t.Errorf("GIT_TERMINAL_PROMPT=%s: %s", value, f.asked.Interaction)
		}
	}
	f := newFake(t)
	if _, _, _ = run(t, f, devops, "--interactive", "never", "get"); f.asked.Interaction != "never" {
		t.Error(f.asked.Interaction)
	}
}

// erase is about one token, under every tenant that it may have been asked for.
func TestErase(t *testing.T) {
	for _, c := range []struct {
		name, in, secret string
		tenants          []string
	}{
		{"a password", devops + "username=u\npassword=tok.en\n", "tok.en", []string{"", fabrikam, "partner.example"}},
		{"a credential", modern + "authtype=Bearer\ncredential=tok.en\n", "tok.en", []string{"", fabrikam, "partner.example"}},
		{"with state", modern + "credential=t\nstate[]=other:x\nstate[]=authlatch:tenant:" + stranger + "\n", "t", []string{"", stranger, fabrikam, "partner.example"}},
		{"with a challenge", modern + "credential=t\nwwwauth[]=Bearer authorization_uri=https://login.microsoftonline.com/" + stranger + "\n", "t", []string{"", stranger, fabrikam, "partner.example"}},
		{"by http", "protocol=http\nhost=dev.azure.com\npassword=t\n", "t", []string{"", fabrikam, "partner.example"}},
		{"whatever there is", devops, "", []string{"", fabrikam, "partner.example"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			code, stdout, stderr := run(t, f, c.in, "erase")
			if code != 0 || stdout+stderr != "" || f.asked != nil {
				t.Errorf("code %d %s%s", code, stdout, stderr)
			}
			did, not := f.rejected, f.forgot
			if c.secret == "" {
				did, not = not, did
			}
			var tenants []string
			for _, q := range did {
				tenants = append(tenants, q.Tenant)
			}
			if len(not) > 0 || !slices.Equal(tenants, c.tenants) {
				t.Errorf("tenants %q, want %q; %d of the other", tenants, c.tenants, len(not))
			}
			for _, s := range f.secrets {
				if s != c.secret {
					t.Errorf("secret %q", s)
				}
			}
		})
	}
}

func TestHelpAndVersion(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"-h"}, {"help"}} {
		if code, stdout, _ := run(t, newFake(t), "", args...); code != 0 || !strings.HasPrefix(stdout, "git-credential-authlatch gives git tokens") {
			t.Errorf("%q: %d %s", args, code, stdout)
		}
	}
	for _, args := range [][]string{{"--version"}, {"version"}} {
		if code, stdout, _ := run(t, newFake(t), "", args...); code != 0 || !strings.HasPrefix(stdout, "git-credential-authlatch ") {
			t.Errorf("%q: %d %s", args, code, stdout)
		}
	}
}
