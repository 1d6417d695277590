package git

import (
	"strings"

	"github.com/authlatch/authlatch/helper/report"
	"github.com/authlatch/authlatch/host/config"
)

// statePrefix is before the tenant in state[], which git gives back with store
// and erase and to no other helper's purpose.
const statePrefix = "authlatch:tenant:"

// noTenant is what Azure DevOps names for an organisation that belongs to none.
const noTenant = "00000000-0000-0000-0000-000000000000"

// maxNamed bounds how many tenants of one message are looked at.
const maxNamed = 16

// aliases are the names under which Entra ID's public cloud names itself.
var aliases = []string{"https://login.microsoftonline.com", "https://login.windows.net", "https://login.microsoft.com", "https://sts.windows.net"}

// tenantFor is the tenant to ask for; "" is the profile's own. The server may
// choose among the tenants that the profile allows, and no other: it says
//
//	WWW-Authenticate: Bearer authorization_uri=https://login.microsoftonline.com/TENANT
//
// and what it says of another identity provider than the profile's is ignored.
func tenantFor(s config.Settings, m message) (string, error) {
	for _, tenant := range challenged(s, m.wwwAuth) {
		if tenant == s.Tenant {
			return "", nil
		}
		if s.CheckTenant(tenant) == nil {
			return tenant, nil
		}
		if config.IsGUID(s.Tenant) { // a domain's name could be the same tenant's
			return "", &report.Error{
				Code: report.Policy, What: m.host + " belongs to tenant " + tenant + ", which profile " + s.Profile + " does not allow",
				Next: "add it to additionally_allowed_tenants in [profiles." + s.Profile + "], or give the organisation a [[rule]] with another profile",
			}
		}
	}
	return "", nil
}

// challenged are the tenants that WWW-Authenticate headers name, in lower case.
func challenged(s config.Settings, headers []string) (tenants []string) {
	if !s.Entra {
		return nil
	}
	for _, h := range headers {
		scheme, parameters, _ := strings.Cut(h, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			continue
		}
		for parameter := range strings.SplitSeq(parameters, ",") {
			key, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
			if !strings.EqualFold(strings.TrimSpace(key), "authorization_uri") {
				continue
			}
			tenant, ok := tenantOf(s.Authority, strings.Trim(strings.TrimSpace(value), `"`))
			if ok && len(tenants) < maxNamed {
				tenants = append(tenants, tenant)
			}
		}
	}
	return tenants
}

// tenantOf is the first part of the path of a URL of the authority's.
func tenantOf(authority, uri string) (string, bool) {
	names := []string{authority}
	if authority == aliases[0] {
		names = aliases
	}
	for _, name := range names {
		rest, ok := strings.CutPrefix(strings.ToLower(uri), name+"/")
		if !ok {
			continue
		}
		tenant, _, _ := strings.Cut(rest, "/")
		return tenant, concrete(tenant)
	}
	return "", false
}

// concrete says that it is one tenant's id or domain.
func concrete(tenant string) bool {
	if config.IsGUID(tenant) {
		return tenant != noTenant
	}
	return len(tenant) <= 253 && strings.Contains(tenant, ".") && strings.Trim(tenant, "abcdefghijklmnopqrstuvwxyz0123456789.-") == ""
}

// remembered are the tenants for which the token of a message may have been
// asked: the profile's own, what state[] kept, and all that could be named.
func remembered(s config.Settings, m message) []string {
	tenants := []string{""}
	for _, kept := range m.state {
		if tenant, ok := strings.CutPrefix(kept, statePrefix); ok && len(tenants) < maxNamed {
			tenants = append(tenants, tenant)
		}
	}
	tenants = append(tenants, challenged(s, m.wwwAuth)...)
	for _, tenant := range s.AdditionallyAllowedTenants {
		tenants = append(tenants, strings.ToLower(tenant))
	}
	return tenants
}
