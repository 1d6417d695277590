// Package service says which of Microsoft's services a host belongs to, and so
// which token it may get, under which profile. A host is proved: it is one of the
// names that only that service has, or a [[rule]] of the user's own config lists
// it. Helpers ask before they look for a token, and authlatch asks again before it
// sends one. It reads nothing and links nothing that a warm call does not need.
package service

import (
	"strings"

	"github.com/authlatch/authlatch/host/config"
)

// Service is whom a token is for.
type Service string

// Services. Custom is what only a rule knows.
const (
	Registry Service = "registry" // Azure Container Registry
	DevOps   Service = "devops"   // Azure DevOps: Repos and Artifacts
	Storage  Service = "storage"  // Azure Storage: blobs
	Custom   Service = "custom"
)

// Scopes of the services. Registries outside the public cloud take the tokens of
// their cloud's Resource Manager, as the Azure SDKs ask for them.
const (
	scopeRegistry = "https://containerregistry.azure.net/.default"
	scopeDevOps   = "499b84ac-1321-427f-aa17-267ca6975798/.default"
	scopeStorage  = "https://storage.azure.com/.default"
)

// Match is a host that has been found to be one of a service's.
type Match struct {
	Service Service
	// Scope of the token.
	Scope string
	// Profile is a rule's; "" leaves it to the default.
	Profile string
	// Registry is a registry's login server, host and port: it is another host than
	// the one that was asked for if that is a data endpoint. "" for other services.
	Registry string
	// Cloud is the one that a built-in host belongs to; "" if a rule lists the host.
	Cloud string
	host  string
}

// Find finds the service of an address among those named, or all if none is. The
// longest rule that matches decides on profile and scope. A rule makes a host one
// of a service's only if it names that service's scope, and any other scope makes
// it Custom; for a built-in host it needs none.
func Find(f *config.File, a config.Address, of ...Service) (Match, bool) {
	m, known := builtIn(a)
	if r, ok := f.RuleFor(a.String()); ok {
		switch {
		case r.Scope == "" && !known:
			return Match{}, false // it says who, and not for what
		case r.Scope != "":
			m.Service, m.Scope = serviceOf(r.Scope), r.Scope
		}
		m.Profile, m.Cloud = r.Profile, ""
		if m.Service == Registry && m.Registry == "" {
			m.Registry = a.HostPort()
		}
		known = true
	}
	if m.Service != Registry {
		m.Registry = ""
	}
	m.host = a.HostPort()
	if !known || len(of) > 0 && !contains(of, m.Service) {
		return Match{}, false
	}
	return m, true
}

// Check says whether a profile's tokens may go there: to a built-in host only
// those of its own cloud. A rule of the user's decides for itself. The error is a
// policy *config.Error.
func (m Match) Check(s config.Settings) error {
	if m.Cloud == "" || s.Cloud == m.Cloud {
		return nil
	}
	whose := "the cloud " + s.Cloud
	if s.Cloud == "" {
		whose = s.Authority
	}
	return &config.Error{
		Key: "host " + m.host, Problem: "belongs to the cloud " + m.Cloud + ", and profile " + s.Profile + " signs in to " + whose,
		Next:   "name a profile for it in a [[rule]] with host = \"" + m.host + "\"",
		Policy: true,
	}
}

// serviceOf tells a service by a scope of its own, however it is written.
func serviceOf(scope string) Service {
	resource := strings.TrimRight(strings.TrimSuffix(scope, "/.default"), "/")
	for _, s := range []struct {
		service Service
		scope   string
	}{{Registry, scopeRegistry}, {DevOps, scopeDevOps}, {Storage, scopeStorage}} {
		if strings.EqualFold(resource, strings.TrimSuffix(s.scope, "/.default")) {
			return s.service
		}
	}
	return Custom
}

func contains(all []Service, s Service) bool {
	for _, one := range all {
		if one == s {
			return true
		}
	}
	return false
}
