package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func environment(pairs ...string) Env {
	return func(name string) string {
		for i := 0; i+1 < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func parse(t *testing.T, text string) *File {
	t.Helper()
	f, err := Parse("/etc/al.toml", []byte(text), environment("HOME", "/home/ada"))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

const everything = `version = 1
default_profile = "work"

[profiles.work]
cloud = "AzureUSGovernment"
tenant = "Contoso.com"
client_id = "11111111-2222-3333-4444-555555555555"
username = "Ada@contoso.com"
flows = ["devicecode", "browser"]
additionally_allowed_tenants = ["fabrikam.com"]
ca_file = "ca.pem"
disable_instance_discovery = true
servers = ["https://K8s.example:443/", "https://*.hcp.westeurope.azmk8s.io"]

[profiles.work.flow.browser]
port = 8400
time_out = "5m"
prompt = "login"

[profiles.corp]
authority = "https://idp.example/realms/x"
client_id = "tool"
flows = ["corp"]
[profiles.corp.flow.corp]
otp = { env = "CORP_OTP" }
pin = { file = "~/pin" }
hard = true

[[rule]]
host = "*.azurecr.io"
profile = "work"

[[rule]]
host = "dev.azure.com/fabrikam"
profile = "corp"
scope = "api://x/.default"

[store]
key = "file"
dir = "s"
`

func TestParseTakesEverySetting(t *testing.T) {
	f := parse(t, everything)
	w := f.Profiles["work"]
	if w.CAFile != "/etc/ca.pem" || !w.DisableInstanceDiscovery || w.Flow["browser"]["port"].Value != "8400" {
		t.Errorf("work = %+v", w)
	}
	c := f.Profiles["corp"].Flow["corp"]
	if c["otp"].Env != "CORP_OTP" || c["pin"].File != "/home/ada/pin" || c["hard"].Value != "true" {
		t.Errorf("corp = %+v", c)
	}
	if f.Store.Dir != "/etc/s" || f.Store.Key != "file" || len(f.Rules) != 2 {
		t.Errorf("store = %+v, rules = %+v", f.Store, f.Rules)
	}
}

func TestErrorsNameFileLineAndKey(t *testing.T) {
	profile := "version = 1\n[profiles.work]\n"
	for _, c := range []struct{ name, text, want, next string }{
		{"syntax", "version = 1\n[profiles.work\n", "/etc/al.toml:2: ", ""},
		{"duplicate key", "version = 1\nversion = 1\n", "/etc/al.toml:2: ", ""},
		{"no version", "[profiles.work]\n", "/etc/al.toml:1: version: is missing", "version = 1"},
		{"newer version", "version = 2\n", "/etc/al.toml:1: version: must be 1", "newer"},
		{"version as text", "version = \"1\"\n", "/etc/al.toml:1: version: must be the number 1, without quotes", ""},
		{"unknown key", profile + "\n\ntennant = \"x\"\n", "/etc/al.toml:5: profiles.work.tennant: there is no such setting", `"tenant"`},
		{"a key's case", profile + "Tenant = \"contoso.com\"\n", "/etc/al.toml:3: profiles.work.Tenant: there is no such setting", `"tenant"`},
		{"unknown table", "version = 1\n[profile.work]\n", "/etc/al.toml:2: profile: there is no such setting", `"profiles"`},
		{"profile's name", "version = 1\n[profiles.\"a b\"]\n", "/etc/al.toml:2: profiles.a b: a profile's name is", ""},
		{"control characters", "version = 1\n[profiles.\"a\\u001bb\"]\n", `/etc/al.toml:2: "profiles.a\x1bb": a profile's name is`, ""},
		{"wrong type", profile + "tenant = 5\n", "/etc/al.toml:3: profiles.work.tenant: must be a string", ""},
		{"empty", profile + "tenant = \"\"\n", "/etc/al.toml:3: profiles.work.tenant: must not be empty", ""},
		{"unknown cloud", profile + "cloud = \"moon\"\n", "/etc/al.toml:3: profiles.work.cloud: there is no cloud \"moon\"; known are public, usgovernment, china, france, germany, singapore", ""},
		{"cloud and authority", profile + "cloud = \"public\"\nauthority = \"https://a.example\"\n", "/etc/al.toml:4: profiles.work.authority: cannot be set together with cloud", ""},
		{"http authority", profile + "authority = \"http://a.example\"\n", "/etc/al.toml:3: profiles.work.authority: must be an https URL", ""},
		{"authority with user", profile + "authority = \"https://u@a.example\"\n", "profiles.work.authority: must not hold a user name", ""},
		{"authority with query", profile + "authority = \"https://a.example?x\"\n", "profiles.work.authority: must not hold a query", ""},
		{"authority with tenant", profile + "authority = \"https://login.microsoftonline.com/contoso.com\"\n", "profiles.work.authority: must not hold a path", ""},
		{"IDN authority", profile + "authority = \"https://lögin.example\"\n", "profiles.work.authority: does not name a host", ""},
		{"malformed tenant", profile + "tenant = \"con toso\"\n", "/etc/al.toml:3: profiles.work.tenant: must be a tenant id", ""},
		{"malformed client id", profile + "client_id = \"app\"\n", "/etc/al.toml:3: profiles.work.client_id: must be an application id", ""},
		{"flow twice", profile + "flows = [\"browser\", \"browser\"]\n", "profiles.work.flows: \"browser\" is there twice", ""},
		{"flow's name", profile + "flows = [\"../x\"]\n", "profiles.work.flows: \"../x\" is no flow's name", ""},
		{"no flow", profile + "flows = []\n", "profiles.work.flows: must name a flow", ""},
		{"flows as text", profile + "flows = \"browser\"\n", "profiles.work.flows: must be a list of strings", ""},
		{"unknown default profile", "version = 1\ndefault_profile = \"wrok\"\n[profiles.work]\n", "/etc/al.toml:2: default_profile: there is no profile \"wrok\"", `did you mean "work"?`},
		{"rule without host", "version = 1\n[[rule]]\nscope = \"a/b\"\n", "/etc/al.toml:2: rule: host is missing", ""},
		{"second rule", "version = 1\n[[rule]]\nhost=\"a.example\"\nscope=\"a/b\"\n[[rule]]\nhost=\"b.example\"\nprofile=\"x\"\n", "/etc/al.toml:7: rule.profile: there is no profile \"x\"", ""},
		{"rule twice", "version = 1\n[[rule]]\nhost=\"a.example\"\nscope=\"a/b\"\n[[rule]]\nhost=\"A.example\"\nscope=\"a/b\"\n", "/etc/al.toml:6: rule.host: there is another rule for a.example", ""},
		{"reference of two", profile + "[profiles.work.flow.x]\npw = { env = \"A\", file = \"b\" }\n", "/etc/al.toml:4: profiles.work.flow.x.pw: a reference has exactly one", ""},
		{"float option", profile + "[profiles.work.flow.x]\nn = 1.5\n", "/etc/al.toml:4: profiles.work.flow.x.n: must be a string", ""},
		{"the first error is told", profile + "tenant = 5\nclient_id = 5\nflows = 5\ncloud = 5\n", "/etc/al.toml:3: profiles.work.tenant", ""},
		{"store key", "version = 1\n[store]\nkey = \"plain\"\n", "/etc/al.toml:3: store.key: must be auto, secret-service, keyring, keychain, dpapi, file or memory", ""},
		{"servers over http", profile + "servers = [\"http://k8s\"]\n", "profiles.work.servers: must be an https URL", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse("/etc/al.toml", []byte(c.text), environment())
			var e *Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) || !strings.Contains(e.Next, c.next) {
				t.Fatalf("got  %v\nnext %v\nwant %v ... %v", err, e, c.want, c.next)
			}
			if e.ExitCode() != 2 || strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("exit code %d, text %q", e.ExitCode(), err)
			}
		})
	}
}

func TestLoadRefusesWhatOthersCouldHaveWritten(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "config.toml")
	write := func(mode os.FileMode, uid int) {
		t.Helper()
		os.Remove(path)
		if err := errors.Join(os.WriteFile(path, []byte("version = 1\n"), 0o600), os.Chmod(path, mode), os.Chown(path, uid, -1)); err != nil {
			t.Skip(err)
		}
	}
	for _, c := range []struct {
		mode os.FileMode
		uid  int
		want string
	}{
		{0o644, -1, ""}, {0o600, -1, ""}, {0o444, -1, ""},
		{0o666, -1, "can be written by other users"},
		{0o620, -1, "can be written by other users"},
		{0o600, 4242, "belongs to another user (uid 4242)"},
	} {
		if c.uid > 0 && os.Geteuid() != 0 {
			continue
		}
		write(c.mode, c.uid)
		_, err := Load(path, environment())
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("mode %o, uid %d: %v, want %q", c.mode, c.uid, err, c.want)
		}
	}
}

func TestLoadOfMissingAndOddFiles(t *testing.T) {
	dir := t.TempDir()
	if f, err := Load("", environment("XDG_CONFIG_HOME", dir)); err != nil || f.Path != "" {
		t.Errorf("a missing default: %+v, %v", f, err)
	}
	if f, err := Load("", environment()); err != nil || f == nil {
		t.Errorf("no home: %v", err)
	}
	big := filepath.Join(dir, "big.toml")
	if err := os.WriteFile(big, make([]byte, maxSize+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, path, env, want string }{
		{"missing --config", filepath.Join(dir, "none.toml"), "", "there is no such file"},
		{"missing AUTHLATCH_CONFIG", "", filepath.Join(dir, "none.toml"), "there is no such file"},
		{"relative AUTHLATCH_CONFIG", "", "config.toml", "must be an absolute path"},
		{"a directory", dir, "", "is not a regular file"},
		{"too large", big, "", "is larger than 1 MiB"},
	} {
		_, err := Load(c.path, environment("AUTHLATCH_CONFIG", c.env))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func TestRuleFor(t *testing.T) {
	f := &File{Rules: []Rule{
		{Host: "*.azurecr.io", Profile: "any"}, {Host: "mine.azurecr.io", Profile: "mine"},
		{Host: "dev.azure.com", Profile: "dev"}, {Host: "dev.azure.com/org", Profile: "org"},
	}}
	for asked, want := range map[string]string{
		"x.azurecr.io": "any", "MINE.azurecr.io": "mine", "azurecr.io": "", "evilazurecr.io": "", "x.azurecr.io.evil.example": "",
		"dev.azure.com": "dev", "dev.azure.com/org/repo": "org", "dev.azure.com/org": "org", "dev.azure.com/organism": "dev",
	} {
		if r, _ := f.RuleFor(asked); r.Profile != want {
			t.Errorf("RuleFor(%q) = %q, want %q", asked, r.Profile, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(everything)
	f.Add("version = 1\n[profiles.work]\ntenant = 5\n")
	f.Add("version = 1\n[[rule]]\nhost = 'x'\n[profiles]\na.b = {c = [[1]]}\n")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := Parse("/c.toml", []byte(text), environment())
		var e *Error
		if err != nil && (!errors.As(err, &e) || e.Line < 1 || strings.ContainsAny(err.Error(), "\n\x1b")) {
			t.Fatalf("%q: %v", text, err)
		}
		if err != nil {
			return
		}
		for _, name := range file.ProfileNames() {
			if s, err := Resolve(file, Flags{Profile: name}, environment()); err == nil {
				s.Explain()
			}
		}
	})
}
