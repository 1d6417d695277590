package service

import (
	"strings"

	"github.com/authlatch/authlatch/host/config"
)

// domain is a name under which only one service's customers have theirs.
type domain struct {
	suffix  string // with its first dot
	cloud   string
	service Service
	scope   string
	// labels is how many there may be before suffix.
	labels int
	name   func(labels []string) (registry string, ok bool)
}

var domains = []domain{
	{".azurecr.io", "public", Registry, scopeRegistry, 3, registryName},
	{".azurecr.us", "usgovernment", Registry, "https://management.usgovcloudapi.net/.default", 3, registryName},
	{".azurecr.cn", "china", Registry, "https://management.chinacloudapi.cn/.default", 3, registryName},
	{".visualstudio.com", "public", DevOps, scopeDevOps, 2, organisationName},
	{".blob.core.windows.net", "public", Storage, scopeStorage, 1, accountName},
	{".blob.core.usgovcloudapi.net", "usgovernment", Storage, scopeStorage, 1, accountName},
	{".blob.core.chinacloudapi.cn", "china", Storage, scopeStorage, 1, accountName},
	{".blob.storage.azure.net", "public", Storage, scopeStorage, 2, zonedAccountName},
}

// hosts are whole names.
var hosts = map[string]domain{
	"dev.azure.com":      {cloud: "public", service: DevOps, scope: scopeDevOps},
	"pkgs.dev.azure.com": {cloud: "public", service: DevOps, scope: scopeDevOps},
}

// builtIn finds the service that a host belongs to by its name alone. None of
// them listens on another port than 443.
func builtIn(a config.Address) (Match, bool) {
	if a.Port != "" {
		return Match{}, false
	}
	if d, ok := hosts[a.Host]; ok {
		return Match{Service: d.service, Scope: d.scope, Cloud: d.cloud}, true
	}
	for _, d := range domains {
		rest, ok := strings.CutSuffix(a.Host, d.suffix)
		if !ok || rest == "" {
			continue
		}
		labels := strings.Split(rest, ".")
		if len(labels) > d.labels {
			return Match{}, false
		}
		registry, ok := d.name(labels)
		if !ok {
			return Match{}, false
		}
		if registry != "" {
			registry += d.suffix
		}
		return Match{Service: d.service, Scope: d.scope, Cloud: d.cloud, Registry: registry}, true
	}
	return Match{}, false
}

// registryName takes NAME, a region's endpoint NAME.REGION.geo, and a data
// endpoint NAME.REGION.data, whose credentials are those of NAME. Names are 5 to
// 50 letters and digits, with a dash before the hash of a name that is not unique.
func registryName(labels []string) (string, bool) {
	name := labels[0]
	if len(name) < 5 || !plain(name, true) {
		return "", false
	}
	switch {
	case len(labels) == 1:
		return name, true
	case len(labels) == 3 && labels[2] == "data" && plain(labels[1], false):
		return name, true
	case len(labels) == 3 && labels[2] == "geo" && plain(labels[1], false):
		return strings.Join(labels, "."), true
	}
	return "", false
}

// organisationName takes ORG, and its package feeds ORG.pkgs.
func organisationName(labels []string) (string, bool) {
	if len(labels) == 2 && labels[1] != "pkgs" {
		return "", false
	}
	return "", plain(labels[0], true)
}

// accountName is 3 to 24 letters and digits.
func accountName(labels []string) (string, bool) {
	return "", len(labels) == 1 && len(labels[0]) >= 3 && len(labels[0]) <= 24 && plain(labels[0], false)
}

// zonedAccountName takes ACCOUNT.zNN, of accounts with a DNS zone of their own.
func zonedAccountName(labels []string) (string, bool) {
	if len(labels) != 2 || len(labels[1]) < 2 || labels[1][0] != 'z' || strings.Trim(labels[1][1:], "0123456789") != "" {
		return "", false
	}
	return accountName(labels[:1])
}

// plain is lower-case letters and digits, and dashes inside if allowed.
func plain(label string, dashes bool) bool {
	if label == "" {
		return false
	}
	for i := range len(label) {
		c := label[i]
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
		case c == '-' && dashes && i > 0 && i < len(label)-1:
		default:
			return false
		}
	}
	return true
}
