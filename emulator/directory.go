package emulator

import (
	"net/url"
	"strings"
)

// The tenants that always exist, and their domains.
const (
	ContosoTenant  = "c0117050-0000-4000-8000-000000000001"
	ContosoDomain  = "contoso.example"
	FabrikamTenant = "fab21ca0-0000-4000-8000-000000000002"
	FabrikamDomain = "fabrikam.example"
	// PersonalTenant is Entra's own id for Microsoft accounts ("consumers").
	PersonalTenant = "9188040d-6c67-4c5b-b112-36a304b66dad"
)

// The app registrations that always exist.
const (
	AzureCLIClient = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
	AKSClient      = "80faf920-1908-4b52-b5ef-a8e7bedfc67a"
	// OwnClient is a public client such as a user would register: redirect
	// http://localhost, public client flows allowed, API api://OwnClient.
	OwnClient = "a0717a7c-0000-4000-8000-0000000000c1"
	// ConfidentialClient is registered as a web application: token requests
	// without its credential are refused with AADSTS7000218.
	ConfidentialClient = "a0717a7c-0000-4000-8000-0000000000c2"
)

// AKSServer is the resource (audience) of Kubernetes clusters; GraphResource is
// what scopes without a resource mean.
const (
	AKSServer     = "6dae42f8-4368-4678-94ff-3960e28e3630"
	GraphResource = "https://graph.microsoft.com"
	ARMResource   = "https://management.azure.com"
	ACRResource   = "https://containerregistry.azure.net"
	DevOps        = "499b84ac-1321-427f-aa17-267ca6975798"
)

// App is an app registration.
type App struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// RedirectURIs are matched exactly, except that the port of an http
	// loopback URI is ignored (RFC 8252 section 7.3).
	RedirectURIs []string `json:"redirect_uris"`
	Confidential bool     `json:"confidential,omitempty"`
}

const nativeClient = "https://login.microsoftonline.com/common/oauth2/nativeclient"

func builtinApps() []App {
	native := []string{"http://localhost", nativeClient}
	return []App{
		{ID: AzureCLIClient, Name: "Microsoft Azure CLI", RedirectURIs: native},
		{ID: AKSClient, Name: "Azure Kubernetes Service AAD Client", RedirectURIs: native},
		{ID: OwnClient, Name: "authlatch", RedirectURIs: append([]string{"http://127.0.0.1"}, native...)},
		{ID: ConfidentialClient, Name: "Some web application", RedirectURIs: []string{"https://web.contoso.example/callback"}, Confidential: true},
	}
}

// allows reports whether redirect is registered. Entra ignores the port of
// loopback URIs and takes "http://localhost:1/" for "http://localhost:1".
func (a App) allows(redirect string) bool {
	got, err := url.Parse(redirect)
	if err != nil || got.Fragment != "" || got.User != nil {
		return false
	}
	for _, registered := range a.RedirectURIs {
		if registered == redirect {
			return true
		}
		want, err := url.Parse(registered)
		if err != nil || want.Scheme != "http" || !isLoopback(want.Hostname()) {
			continue
		}
		if got.Scheme == want.Scheme && got.Hostname() == want.Hostname() && got.RawQuery == want.RawQuery &&
			strings.TrimSuffix(got.Path, "/") == strings.TrimSuffix(want.Path, "/") {
			return true
		}
	}
	return false
}

func isLoopback(host string) bool {
	return host == "localhost" || host == "127.0.0.1" || host == "::1"
}

// resource is a protected API that tokens can be asked for.
type resource struct {
	id     string   // without trailing slash
	scopes []string // the delegated permissions; the first is what .default means
}

func builtinResources() []resource {
	impersonation := []string{"user_impersonation"}
	return []resource{
		{"https://management.core.windows.net", impersonation},
		{ARMResource, impersonation},
		{AKSServer, []string{"user.read"}},
		{GraphResource, []string{"User.Read", "User.ReadBasic.All"}},
		{"00000003-0000-0000-c000-000000000000", []string{"User.Read"}},
		{ACRResource, impersonation},
		{DevOps, impersonation},
		{"https://app.vssps.visualstudio.com", impersonation},
		{"https://vault.azure.net", impersonation},
		{"https://storage.azure.com", impersonation},
		{"https://ossrdbms-aad.database.windows.net", impersonation},
		{"https://database.windows.net", impersonation},
		{"api://" + OwnClient, []string{"access_as_user", "read"}},
		{OwnClient, []string{"access_as_user", "read"}},
	}
}

// tenant names a directory. wildcard is "organizations", "common" or "consumers"
// when the request left the choice to the user's home.
type tenant struct {
	id, wildcard string
}

// tenantNamed resolves the first path segment of an endpoint.
func (s *Server) tenantNamed(name string) (tenant, *oauthError) {
	switch lower := strings.ToLower(name); lower {
	case "organizations", "common", "consumers":
		return tenant{wildcard: lower}, nil
	default:
		if id, ok := s.tenants[lower]; ok {
			return tenant{id: id}, nil
		}
		return tenant{}, errUnknownTenant(name)
	}
}

// asPath is how the discovery document spells the tenant in endpoints.
func (t tenant) asPath() string {
	if t.wildcard != "" {
		return t.wildcard
	}
	return t.id
}

// admit says in which tenant u signs in when t was asked for.
func (t tenant) admit(u User, app App, refuse func(User, string, App) *oauthError) (string, *oauthError) {
	switch t.wildcard {
	case "common":
		return u.Tenant, nil
	case "organizations":
		if u.Personal {
			return "", refuse(u, t.wildcard, app)
		}
		return u.Tenant, nil
	case "consumers":
		if !u.Personal {
			return "", refuse(u, t.wildcard, app)
		}
		return u.Tenant, nil
	}
	if u.Tenant == t.id {
		return t.id, nil
	}
	for _, guest := range u.GuestTenants {
		if strings.EqualFold(guest, t.id) {
			return t.id, nil
		}
	}
	return "", refuse(u, t.id, app)
}
