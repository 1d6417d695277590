package entra

import (
	"net/url"
	"strings"

	"github.com/authlatch/authlatch/internal/sanitize"
	"github.com/authlatch/authlatch/sdk"
)

// knownHosts are Microsoft's own clouds (protocols.md, Clouds). MSAL must not
// ask another host whether they exist: that is one request more in every new
// process (traps.md, MSAL 7).
var knownHosts = map[string]bool{
	"login.microsoftonline.com":        true,
	"login.microsoft.com":              true,
	"login.windows.net":                true,
	"sts.windows.net":                  true,
	"login.microsoftonline.us":         true,
	"login.usgovcloudapi.net":          true,
	"login.chinacloudapi.cn":           true,
	"login.partner.microsoftonline.cn": true,
	"login.sovcloud-identity.fr":       true,
	"login.sovcloud-identity.de":       true,
	"login.sovcloud-identity.sg":       true,
}

// Tenants that are no tenant: which accounts may sign in.
const (
	tenantOrganizations = "organizations"
	tenantConsumers     = "consumers"
)

// isTenant reports whether s can be a tenant's id or domain, or one of the names
// above. (As a regular expression it took a third of a millisecond to compile.)
func isTenant(s string) bool {
	return s != "" && len(s) <= 253 && strings.IndexByte(letters+digits, s[0]) >= 0 && strings.Trim(s, letters+digits+".-") == ""
}

// authority is where a request signs in.
type authority struct {
	url              string // with the tenant, as MSAL takes it
	host             string // with the port, if any; lower case
	tenant           string // "" for AD FS
	discoverInstance bool   // MSAL asks login.microsoftonline.com about the host
}

// parseAuthority joins authority and tenant. An authority that ends in a tenant
// is taken if the request names none or the same; "adfs" has no tenants.
func parseAuthority(req *sdk.Request) (authority, error) {
	u, err := url.Parse(req.Authority)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return authority{}, invalidRequest("authority %q is not an https URL such as https://login.microsoftonline.com", sanitize.Line(req.Authority, 200))
	}
	if req.ClientID == "" {
		return authority{}, invalidRequest("client_id is empty")
	}
	a := authority{host: strings.ToLower(u.Host), tenant: req.Tenant}
	path := strings.Trim(u.Path, "/")
	if strings.EqualFold(path, "adfs") {
		if a.tenant != "" && !strings.EqualFold(a.tenant, "adfs") {
			return authority{}, invalidRequest("an AD FS authority has no tenants, but tenant is %q", sanitize.Line(a.tenant, 100))
		}
		a.tenant = ""
		a.url = "https://" + a.host + "/adfs"
		return a, nil
	}
	if path != "" {
		if strings.Contains(path, "/") || (a.tenant != "" && !strings.EqualFold(a.tenant, path)) {
			return authority{}, invalidRequest("authority %q must not have a path: the tenant goes into tenant", sanitize.Line(req.Authority, 200))
		}
		a.tenant = path
	}
	if a.tenant == "" {
		a.tenant = tenantOrganizations
	}
	if !isTenant(a.tenant) {
		return authority{}, invalidRequest("tenant %q is neither a tenant id nor a domain", sanitize.Line(a.tenant, 100))
	}
	a.url = "https://" + a.host + "/" + a.tenant
	a.discoverInstance = !req.DisableInstanceDiscovery && !knownHosts[a.host]
	return a, nil
}
