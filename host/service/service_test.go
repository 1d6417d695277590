package service_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/service"
	"github.com/authlatch/authlatch/host/service/servicetest"
)

// A service's own names are its own.
func TestBuiltInHosts(t *testing.T) {
	for address, want := range map[string]service.Match{
		"contosoreg.azurecr.io":                         {Service: service.Registry, Scope: registryScope, Registry: "contosoreg.azurecr.io", Cloud: "public"},
		"ContosoReg.AzureCR.io":                         {Service: service.Registry, Scope: registryScope, Registry: "contosoreg.azurecr.io", Cloud: "public"},
		"https://contosoreg.azurecr.io:443/v2/":         {Service: service.Registry, Scope: registryScope, Registry: "contosoreg.azurecr.io", Cloud: "public"},
		"contosoreg-a1b2c3d4e5f6g7h8.azurecr.io":        {Service: service.Registry, Scope: registryScope, Registry: "contosoreg-a1b2c3d4e5f6g7h8.azurecr.io", Cloud: "public"},
		"contosoreg.westeurope.data.azurecr.io":         {Service: service.Registry, Scope: registryScope, Registry: "contosoreg.azurecr.io", Cloud: "public"},
		"contosoreg.westeurope.geo.azurecr.io":          {Service: service.Registry, Scope: registryScope, Registry: "contosoreg.westeurope.geo.azurecr.io", Cloud: "public"},
		"contosoreg.azurecr.us":                         {Service: service.Registry, Scope: "https://management.usgovcloudapi.net/.default", Registry: "contosoreg.azurecr.us", Cloud: "usgovernment"},
		"contosoreg.chinaeast2.data.azurecr.cn":         {Service: service.Registry, Scope: "https://management.chinacloudapi.cn/.default", Registry: "contosoreg.azurecr.cn", Cloud: "china"},
		"dev.azure.com":                                 {Service: service.DevOps, Scope: devOpsScope, Cloud: "public"},
		"https://dev.azure.com/contoso/My%20Project":    {Service: service.DevOps, Scope: devOpsScope, Cloud: "public"},
		"contoso.visualstudio.com":                      {Service: service.DevOps, Scope: devOpsScope, Cloud: "public"},
		"contoso.pkgs.visualstudio.com":                 {Service: service.DevOps, Scope: devOpsScope, Cloud: "public"},
		"pkgs.dev.azure.com/contoso/_packaging/feed/v3": {Service: service.DevOps, Scope: devOpsScope, Cloud: "public"},
		"https://account1.blob.core.windows.net/c/b?x=y": {
			Service: service.Storage, Scope: storageScope, Cloud: "public"},
		"account1.z12.blob.storage.azure.net":     {Service: service.Storage, Scope: storageScope, Cloud: "public"},
		"account1.blob.core.usgovcloudapi.net":    {Service: service.Storage, Scope: storageScope, Cloud: "usgovernment"},
		"account1.blob.core.chinacloudapi.cn/c/b": {Service: service.Storage, Scope: storageScope, Cloud: "china"},
	} {
		got, ok := service.Find(&config.File{}, parsed(t, address))
		if !ok || public(got) != public(want) {
			t.Errorf("%s: got %+v, %t, want %+v", address, got, ok, want)
		}
	}
}

const (
	registryScope = "https://containerregistry.azure.net/.default"
	devOpsScope   = "499b84ac-1321-427f-aa17-267ca6975798/.default"
	storageScope  = "https://storage.azure.com/.default"
)

// public is what a helper sees of a match.
func public(m service.Match) [5]string {
	return [5]string{string(m.Service), m.Scope, m.Profile, m.Registry, m.Cloud}
}

func parsed(t *testing.T, address string) config.Address {
	t.Helper()
	a, err := config.ParseAddress(address)
	if err != nil {
		t.Fatalf("%q: %v", address, err)
	}
	return a
}

// None of the list that each helper's tests use is anything's.
func TestHostileHosts(t *testing.T) {
	for _, line := range servicetest.Hostile(t) {
		a, err := config.ParseAddress(line)
		if err != nil {
			var refused *config.Error
			if !errors.As(err, &refused) || refused.ExitCode() != 7 || len(line) > 4 && strings.Contains(err.Error(), line) {
				t.Errorf("%.80q is refused with %v", line, err)
			}
			continue
		}
		if m, ok := service.Find(&config.File{}, a); ok {
			t.Errorf("%.80q is taken for %+v", line, m)
		}
	}
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
host = "registry.corp.example"
scope = "https://containerregistry.azure.net/.default"

[[rule]]
host = "registry.corp.example:5443"
scope = "https://containerregistry.azure.net//.default"
profile = "other"

[[rule]]
host = "dev.azure.com/fabrikam"
profile = "other"

[[rule]]
host = "git.corp.example"
scope = "499b84ac-1321-427f-aa17-267ca6975798/.default"

[[rule]]
host = "cache.corp.example"
scope = "api://cache/.default"

[[rule]]
host = "nothing.corp.example"
profile = "other"

[[rule]]
host = "contosoreg.azurecr.cn"
profile = "work"
`

// A rule adds a host only by the scope that it names; for a built-in host it may
// choose the profile alone.
func TestRules(t *testing.T) {
	f := load(t, rules)
	for address, want := range map[string]service.Match{
		"registry.corp.example":      {Service: service.Registry, Scope: registryScope, Registry: "registry.corp.example"},
		"registry.corp.example:5443": {Service: service.Registry, Scope: "https://containerregistry.azure.net//.default", Profile: "other", Registry: "registry.corp.example:5443"},
		"dev.azure.com/contoso":      {Service: service.DevOps, Scope: devOpsScope, Cloud: "public"},
		"dev.azure.com/Fabrikam/p":   {Service: service.DevOps, Scope: devOpsScope, Profile: "other"},
		"dev.azure.com/fabrikam2":    {Service: service.DevOps, Scope: devOpsScope, Cloud: "public"},
		"git.corp.example":           {Service: service.DevOps, Scope: devOpsScope},
		"cache.corp.example/ac/1":    {Service: service.Custom, Scope: "api://cache/.default"},
		"contosoreg.azurecr.cn":      {Service: service.Registry, Scope: "https://management.chinacloudapi.cn/.default", Profile: "work", Registry: "contosoreg.azurecr.cn"},
		"nothing.corp.example":       {},
		"registry.corp.example:5444": {},
		"git.corp.example.evil.com":  {},
	} {
		got, ok := service.Find(f, parsed(t, address))
		if ok != (want.Service != "") || public(got) != public(want) {
			t.Errorf("%s: got %+v, %t, want %+v", address, got, ok, want)
		}
	}
	if m, ok := service.Find(f, parsed(t, "cache.corp.example"), service.Registry, service.DevOps); ok {
		t.Errorf("a helper for registries and git got %+v", m)
	}
}

// A built-in host gets tokens of its own cloud only.
func TestClouds(t *testing.T) {
	f := load(t, rules)
	for _, c := range []struct{ address, profile, refused string }{
		{"contosoreg.azurecr.io", "work", ""},
		{"contosoreg.azurecr.io", "china", "signs in to the cloud china"},
		{"contosoreg.azurecr.us", "work", "belongs to the cloud usgovernment"},
		{"contosoreg.azurecr.cn", "work", ""}, // the rule says so
		{"registry.corp.example", "china", ""},
	} {
		s, err := config.Resolve(f, config.Flags{Profile: c.profile}, func(string) string { return "" })
		if err != nil {
			t.Fatal(err)
		}
		m, ok := service.Find(f, parsed(t, c.address))
		if !ok {
			t.Fatalf("%s is not found", c.address)
		}
		err = m.Check(s)
		var refused *config.Error
		if c.refused == "" && err != nil ||
			c.refused != "" && (!errors.As(err, &refused) || refused.ExitCode() != 7 || !strings.Contains(err.Error(), c.refused) || refused.Next == "") {
			t.Errorf("%s for %s: %v, want %q", c.profile, c.address, err, c.refused)
		}
	}
}

func load(t *testing.T, text string) *config.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := config.Load(path, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Whatever is written, what is found has the name of what was asked for.
func FuzzFind(f *testing.F) {
	for _, s := range []string{"contosoreg.azurecr.io", "https://dev.azure.com/org/%41", "acct1.blob.core.windows.net:443/x?y", "[::1]:1", "evil.example/.azurecr.io"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := config.ParseAddress(s)
		if err != nil {
			return
		}
		again, err := config.ParseAddress("https://" + a.HostPort())
		if err != nil || again.HostPort() != a.HostPort() || a.Host != strings.ToLower(a.Host) || strings.ContainsAny(a.HostPort(), "@/\\%\r\n\x00 ") {
			t.Errorf("%q is read as %+v, and that as %+v, %v", s, a, again, err)
		}
		m, ok := service.Find(&config.File{}, a)
		if !ok {
			return
		}
		own := false
		for _, name := range []string{".azurecr.io", ".azurecr.us", ".azurecr.cn", ".visualstudio.com", ".blob.core.windows.net",
			".blob.core.usgovcloudapi.net", ".blob.core.chinacloudapi.cn", ".blob.storage.azure.net"} {
			own = own || strings.HasSuffix(a.Host, name)
		}
		if a.Port != "" || !own && a.Host != "dev.azure.com" && a.Host != "pkgs.dev.azure.com" || m.Registry != "" && !strings.Contains(m.Registry, ".azurecr.") {
			t.Errorf("%q is taken for %+v", s, m)
		}
	})
}
