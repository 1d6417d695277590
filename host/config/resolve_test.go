package config

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

const (
	guidA = "aaaaaaaa-0000-0000-0000-000000000000"
	guidB = "bbbbbbbb-0000-0000-0000-000000000000"
	guidC = "cccccccc-0000-0000-0000-000000000000"
	guidD = "dddddddd-0000-0000-0000-000000000000"
)

// Each setting, from each source, with all the weaker sources set too.
func TestPrecedence(t *testing.T) {
	for _, c := range []struct {
		key     string
		flag    func(*Flags)
		own     string
		profile string
		azure   string
		want    [5]string // flag, AUTHLATCH_*, profile, AZURE_*, default
		origins [5]string
	}{
		{
			"tenant", func(f *Flags) { f.Tenant = guidA }, "AUTHLATCH_TENANT=" + guidB, "tenant = \"" + guidC + "\"", "AZURE_TENANT_ID=" + guidD,
			[5]string{guidA, guidB, guidC, guidD, "organizations"},
			[5]string{"flag --tenant", "environment AUTHLATCH_TENANT", "/etc/al.toml:3", "environment AZURE_TENANT_ID", "default"},
		},
		{
			"client_id", func(f *Flags) { f.ClientID = guidA }, "AUTHLATCH_CLIENT_ID=" + guidB, "client_id = \"" + guidC + "\"", "AZURE_CLIENT_ID=" + guidD,
			[5]string{guidA, guidB, guidC, guidD, DefaultClientID},
			[5]string{"flag --client-id", "environment AUTHLATCH_CLIENT_ID", "/etc/al.toml:3", "environment AZURE_CLIENT_ID", "default"},
		},
		{
			"username", func(f *Flags) { f.Username = "a@x" }, "AUTHLATCH_USERNAME=b@x", "username = \"c@x\"", "AZURE_USERNAME=d@x",
			[5]string{"a@x", "b@x", "c@x", "d@x", ""},
			[5]string{"flag --username", "environment AUTHLATCH_USERNAME", "/etc/al.toml:3", "environment AZURE_USERNAME", "default"},
		},
		{
			"authority", func(f *Flags) { f.Authority = "https://a.example/" }, "AUTHLATCH_AUTHORITY=https://B.example:443", "authority = \"https://c.example:8443\"", "AZURE_AUTHORITY_HOST=https://login.microsoftonline.us/",
			[5]string{"https://a.example", "https://b.example", "https://c.example:8443", "https://login.microsoftonline.us", "https://login.microsoftonline.com"},
			[5]string{"flag --authority", "environment AUTHLATCH_AUTHORITY", "/etc/al.toml:3", "environment AZURE_AUTHORITY_HOST", "default"},
		},
		{
			"cloud", func(f *Flags) { f.Cloud = "azurechinacloud" }, "AUTHLATCH_CLOUD=germany", "cloud = \"france\"", "AZURE_AUTHORITY_HOST=login.microsoftonline.us",
			[5]string{"china", "germany", "france", "usgovernment", "public"},
			[5]string{"flag --cloud", "environment AUTHLATCH_CLOUD", "/etc/al.toml:3", "environment AZURE_AUTHORITY_HOST", "default"},
		},
	} {
		for i, source := range []string{"flag", "own", "profile", "azure", "default"} {
			t.Run(c.key+" from "+source, func(t *testing.T) {
				var flags Flags
				var env []string
				text := "version = 1\n[profiles.work]\n"
				if i <= 0 {
					c.flag(&flags)
				}
				if i <= 1 {
					k, v, _ := strings.Cut(c.own, "=")
					env = append(env, k, v)
				}
				if i <= 2 {
					text += c.profile + "\n"
				}
				if i <= 3 {
					k, v, _ := strings.Cut(c.azure, "=")
					env = append(env, k, v)
				}
				s, err := Resolve(parse(t, text), flags, environment(env...))
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range s.Explain() {
					if e.Key == c.key && (e.Value != c.want[i] || e.Origin != c.origins[i]) {
						t.Errorf("%+v, want %q from %q", e, c.want[i], c.origins[i])
					}
				}
			})
		}
	}
}

func TestDefaults(t *testing.T) {
	s, err := Resolve(&File{}, Flags{}, environment("HOME", "/home/ada"))
	if err != nil {
		t.Fatal(err)
	}
	if s.Profile != "default" || s.Cloud != "public" || s.Authority != "https://login.microsoftonline.com" || s.Tenant != "organizations" ||
		s.ClientID != DefaultClientID || !slices.Equal(s.Flows, []string{"browser", "devicecode"}) || s.Store.Key != "auto" {
		t.Errorf("%+v", s)
	}
	if got, err := s.Scopes(nil, ""); err != nil || got[0] != "https://management.azure.com/.default" {
		t.Errorf("%v, %v", got, err)
	}
}

// The Azure CLI's client and AZURE_* are Entra ID's business only.
func TestOtherProvidersGetNothingOfAzure(t *testing.T) {
	azure := environment("AZURE_TENANT_ID", guidA, "AZURE_CLIENT_ID", guidB, "AZURE_USERNAME", "a@x", "AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us")
	s, err := Resolve(parse(t, everything), Flags{Profile: "corp"}, azure)
	if err != nil || s.Tenant != "" || s.ClientID != "tool" || s.Username != "" || s.Authority != "https://idp.example/realms/x" {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := s.Scopes(nil, ""); err == nil {
		t.Error("a default scope for an unknown provider")
	}
	for _, text := range []string{"flows = [\"corp\"]\n", "flows = [\"corp\"]\nclient_id = \"x\"\n", "flows = [\"corp\"]\nauthority = \"https://x.example\"\n", "flows = [\"browser\", \"corp\"]\n"} {
		_, err := Resolve(parse(t, "version = 1\n[profiles.work]\n"+text), Flags{}, azure)
		if err == nil || !strings.HasPrefix(err.Error(), "/etc/al.toml:3: profiles.work.flows: the flow \"corp\" is not one of authlatch's own (browser, devicecode, password) and needs authority and client_id") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := Resolve(&File{}, Flags{Flow: "corp"}, azure); err == nil {
		t.Error("--flow corp took the Azure CLI's client")
	}
}

func TestBadInputNamesItsSource(t *testing.T) {
	for _, c := range []struct {
		name  string
		text  string
		flags Flags
		env   []string
		want  string
		next  string
	}{
		{"unknown profile", everything, Flags{Profile: "wrok"}, nil, `--profile: there is no profile "wrok"`, `"work"`},
		{"unknown profile, no file", "", Flags{Profile: "work"}, nil, `--profile: there is no profile "work"`, "[profiles.work]"},
		{"unknown profile in the environment", everything, Flags{}, []string{"AUTHLATCH_PROFILE", "x"}, `environment AUTHLATCH_PROFILE: there is no profile "x"`, "corp, work"},
		{"no default among several", "version=1\n[profiles.a]\n[profiles.b]\n", Flags{}, nil, "/etc/al.toml:1: default_profile: is not set", "a, b"},
		{"tenant", "", Flags{Tenant: "con toso"}, nil, "--tenant: must be a tenant id", ""},
		{"tenant in the environment", "", Flags{}, []string{"AZURE_TENANT_ID", "?"}, "environment AZURE_TENANT_ID: must be a tenant id", ""},
		{"client id", "", Flags{ClientID: "x"}, nil, "--client-id: must be an application id", ""},
		{"client id in the environment", "", Flags{}, []string{"AZURE_CLIENT_ID", "x"}, "environment AZURE_CLIENT_ID: must be", ""},
		{"cloud", "", Flags{Cloud: "moon"}, nil, `--cloud: there is no cloud "moon"; known are public`, ""},
		{"cloud in the environment", "", Flags{}, []string{"AUTHLATCH_CLOUD", "moon"}, "environment AUTHLATCH_CLOUD: there is no cloud", ""},
		{"both", "", Flags{Cloud: "public", Authority: "https://x.example"}, nil, "--authority: cannot be set together with cloud", ""},
		{"authority host", "", Flags{}, []string{"AZURE_AUTHORITY_HOST", "http://x"}, "environment AZURE_AUTHORITY_HOST: must be an https URL", ""},
		{"flow", "", Flags{Flow: "a/b"}, nil, `--flow: "a/b" is no flow's name`, ""},
		{"flows", "", Flags{}, []string{"AUTHLATCH_FLOWS", "browser,browser"}, "environment AUTHLATCH_FLOWS: \"browser\" is there twice", ""},
		{"store key", "", Flags{}, []string{"AUTHLATCH_STORE_KEY", "x"}, "environment AUTHLATCH_STORE_KEY: must be auto", ""},
		{"store dir", "", Flags{}, []string{"AUTHLATCH_STORE_DIR", "x"}, "environment AUTHLATCH_STORE_DIR: must be an absolute path", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Resolve(parse(t, c.text), c.flags, environment(c.env...))
			var e *Error
			if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), c.want) || !strings.Contains(e.Next, c.next) {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestScopes(t *testing.T) {
	entra := Settings{Cloud: "public", Entra: true}
	for _, c := range []struct {
		name     string
		s        Settings
		scopes   []string
		resource string
		want     string // joined, or the error's beginning
	}{
		{"sorted and once", entra, []string{"api://x/b", "api://x/a", "api://x/b"}, "", "api://x/a api://x/b"},
		{"a resource", entra, nil, "https://vault.azure.net", "https://vault.azure.net/.default"},
		{"the double slash stays", entra, nil, "https://management.core.windows.net/", "https://management.core.windows.net//.default"},
		{"none, in China", Settings{Cloud: "china", Entra: true}, nil, "", "https://management.chinacloudapi.cn/.default"},
		{"none, at a custom authority", Settings{Entra: true}, nil, "", "https://management.azure.com/.default"},
		{"none, where nobody knows", Settings{Cloud: "singapore", Entra: true}, nil, "", "--scope: must be given"},
		{"both", entra, []string{"a/b"}, "c", "--resource: cannot be given together with --scope"},
		{"empty scope", entra, []string{""}, "", "--scope: must not be empty"},
		{"two in one", entra, []string{"a/b a/c"}, "", "--scope: \"a/b a/c\" is no scope"},
		{"a bare resource", entra, []string{"https://vault.azure.net/"}, "", "--scope: \"https://vault.azure.net/\" is a resource"},
		{"a bare application", entra, []string{"6dae42f8-4368-4678-94ff-3960e28e3630"}, "", "--scope: \"6dae42f8-4368-4678-94ff-3960e28e3630\" is a resource"},
		{"two resources", entra, []string{"https://a.example/x", "https://b.example/y"}, "", "--scope: a token is for one resource"},
		{"Graph's two spellings", entra, []string{"User.Read", "https://graph.microsoft.com/Mail.Read", "openid"}, "", "User.Read https://graph.microsoft.com/Mail.Read openid"},
		{"offline_access", entra, []string{"offline_access"}, "", "--scope: offline_access is always asked for"},
		{"offline_access elsewhere", Settings{}, []string{"offline_access", "a/b", "c/d"}, "", "a/b c/d offline_access"},
		{"a scope as resource", entra, nil, "https://x.example/.default", "--resource: is a scope"},
	} {
		got, err := c.s.Scopes(c.scopes, c.resource)
		text := strings.Join(got, " ")
		if err != nil {
			text = err.Error()
		}
		if err == nil && text != c.want || !strings.HasPrefix(text, c.want) {
			t.Errorf("%s: %q, want %q", c.name, text, c.want)
		}
	}
}

func TestCheckTenant(t *testing.T) {
	for _, c := range []struct {
		own     string
		allowed []string
		asked   string
		code    int
	}{
		{"organizations", nil, "contoso.com", 0},
		{"contoso.com", nil, "", 0},
		{"contoso.com", nil, "Contoso.com", 0},
		{"contoso.com", nil, "fabrikam.com", 7},
		{"contoso.com", []string{"Fabrikam.com"}, "fabrikam.com", 0},
		{"contoso.com", []string{"*"}, guidA, 0},
		{"organizations", nil, "no tenant", 2},
	} {
		err := Settings{Tenant: c.own, AdditionallyAllowedTenants: c.allowed, Entra: true}.CheckTenant(c.asked)
		var e *Error
		code := 0
		if errors.As(err, &e) {
			code = e.ExitCode()
		}
		if code != c.code {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestCheckOptions(t *testing.T) {
	specs := []OptionSpec{
		{Name: "otp", Kind: "string", Secret: true, Required: true}, {Name: "port", Kind: "integer"},
		{Name: "wait", Kind: "duration"}, {Name: "hard", Kind: "bool"},
	}
	for text, want := range map[string]string{
		"otp = { env = \"X\" }\nport = 1\nwait = \"5m\"\nhard = false": "",
		"otp = \"1234\"":                        "/etc/al.toml:6: profiles.w.flow.corp.otp: is secret and must not be written here",
		"port = 1":                              "/etc/al.toml:5: profiles.w.flow.corp.otp: flow corp cannot run without it",
		"otp = { env = \"X\" }\nprot = 1":       "/etc/al.toml:7: profiles.w.flow.corp.prot: flow corp has no such option",
		"otp = { env = \"X\" }\nport = \"1\"":   "/etc/al.toml:7: profiles.w.flow.corp.port: must be a whole number",
		"otp = { env = \"X\" }\nwait = \"5\"":   "/etc/al.toml:7: profiles.w.flow.corp.wait: must be a duration",
		"otp = { env = \"X\" }\nhard = \"yes\"": "/etc/al.toml:7: profiles.w.flow.corp.hard: must be true or false",
	} {
		f := parse(t, "version = 1\n[profiles.w]\nauthority = \"https://x.example\"\nflows = [\"corp\"]\n[profiles.w.flow.corp]\n"+text+"\n")
		p := f.Profiles["w"]
		err := Settings{Profile: "w", Options: p.Flow, file: f}.CheckOptions("corp", specs)
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "1234")) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
