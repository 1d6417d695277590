package config

import "strings"

// Cloud is one of Microsoft's clouds.
type Cloud struct {
	// Name is what authlatch calls it.
	Name string
	// Authority is the https URL of its identity provider, without a tenant.
	Authority string
	// ResourceManager is the scope that is meant when none is given; "" if it is
	// not known and must be given.
	ResourceManager string
	// Aliases are what other tools call it, compared without case.
	Aliases []string
	// Hosts are the identity provider's other names.
	Hosts []string
}

// clouds: authorities and Resource Manager audiences as the Azure SDKs have
// them. The Singapore cloud's Resource Manager is published nowhere.
var clouds = []Cloud{
	{
		Name: "public", Authority: "https://login.microsoftonline.com",
		ResourceManager: "https://management.azure.com/.default",
		Aliases:         []string{"AzurePublic", "AzureCloud", "AzurePublicCloud"},
		Hosts:           []string{"login.windows.net", "login.microsoft.com", "sts.windows.net"},
	},
	{
		Name: "usgovernment", Authority: "https://login.microsoftonline.us",
		ResourceManager: "https://management.usgovcloudapi.net/.default",
		Aliases:         []string{"usgov", "AzureGovernment", "AzureUSGovernment", "AzureUSGovernmentCloud"},
		Hosts:           []string{"login.usgovcloudapi.net"},
	},
	{
		Name: "china", Authority: "https://login.chinacloudapi.cn",
		ResourceManager: "https://management.chinacloudapi.cn/.default",
		Aliases:         []string{"AzureChina", "AzureChinaCloud"},
		Hosts:           []string{"login.partner.microsoftonline.cn"},
	},
	{
		Name: "france", Authority: "https://login.sovcloud-identity.fr",
		ResourceManager: "https://management.sovcloud-api.fr/.default",
		Aliases:         []string{"bleu", "AzureBleu", "AzureBleuCloud"},
	},
	{
		Name: "germany", Authority: "https://login.sovcloud-identity.de",
		ResourceManager: "https://management.sovcloud-api.de/.default",
		Aliases:         []string{"delos", "AzureDelos", "AzureDelosCloud"},
	},
	{
		Name: "singapore", Authority: "https://login.sovcloud-identity.sg",
		Aliases: []string{"govsg", "AzureGovSG", "AzureGovSGCloud"},
	},
}

// Clouds lists the known clouds, the default first.
func Clouds() []Cloud { return append([]Cloud(nil), clouds...) }

// CloudByName finds a cloud by its name or an alias, without case.
func CloudByName(name string) (Cloud, bool) {
	for _, c := range clouds {
		if strings.EqualFold(name, c.Name) {
			return c, true
		}
		for _, a := range c.Aliases {
			if strings.EqualFold(name, a) {
				return c, true
			}
		}
	}
	return Cloud{}, false
}

// CloudByAuthority finds the cloud to which an authority's host belongs. A
// look-alike, another port or a path is not that cloud.
func CloudByAuthority(authority string) (Cloud, bool) {
	host, ok := strings.CutPrefix(authority, "https://")
	if !ok {
		return Cloud{}, false
	}
	for _, c := range clouds {
		if strings.EqualFold("https://"+host, c.Authority) {
			return c, true
		}
		for _, h := range c.Hosts {
			if strings.EqualFold(host, h) {
				return c, true
			}
		}
	}
	return Cloud{}, false
}

func cloudNames() []string {
	names := make([]string, len(clouds))
	for i, c := range clouds {
		names[i] = c.Name
	}
	return names
}
