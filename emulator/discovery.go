package emulator

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// get checks that the request is a GET.
func (x *exchange) get() bool {
	if x.r.Method != http.MethodGet && x.r.Method != http.MethodHead {
		x.refuse(errMethod(http.MethodGet, x.r.Method))
		return false
	}
	return true
}

// discovery is the OpenID Connect discovery document. As at Entra, the issuer
// of a tenant-independent one has the literal "{tenantid}" in it.
func (x *exchange) discovery() {
	if !x.get() {
		return
	}
	t, refused := x.s.tenantNamed(x.to.tenant)
	if refused != nil {
		x.refuse(refused)
		return
	}
	issuerTenant := t.id
	switch t.wildcard {
	case "organizations", "common":
		issuerTenant = "{tenantid}"
	case "consumers":
		issuerTenant = PersonalTenant
	}
	base := x.base() + "/" + t.asPath()
	x.json(http.StatusOK, map[string]any{
		"issuer":                                x.base() + "/" + issuerTenant + "/v2.0",
		"authorization_endpoint":                base + "/oauth2/v2.0/authorize",
		"token_endpoint":                        base + "/oauth2/v2.0/token",
		"device_authorization_endpoint":         base + "/oauth2/v2.0/devicecode",
		"end_session_endpoint":                  base + "/oauth2/v2.0/logout",
		"jwks_uri":                              base + "/discovery/v2.0/keys",
		"response_modes_supported":              []string{"query", "fragment", "form_post"},
		"response_types_supported":              []string{"code"},
		"subject_types_supported":               []string{"pairwise"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"scopes_supported":                      []string{"openid", "profile", "email", "offline_access"},
		"code_challenge_methods_supported":      []string{"plain", "S256"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "private_key_jwt", "client_secret_basic"},
		"claims_supported":                      []string{"sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "preferred_username", "name", "tid", "ver", "oid", "uti"},
		"request_uri_parameter_supported":       false,
		"http_logout_supported":                 true,
		"frontchannel_logout_supported":         true,
		"tenant_region_scope":                   nil,
		"cloud_instance_name":                   "microsoftonline.com",
		"cloud_graph_host_name":                 "graph.windows.net",
		"msgraph_host":                          "graph.microsoft.com",
		"rbac_url":                              "https://pas.windows.net",
	})
}

type instanceMetadata struct {
	PreferredNetwork string   `json:"preferred_network"`
	PreferredCache   string   `json:"preferred_cache"`
	Aliases          []string `json:"aliases"`
}

// publicCloud is what the real endpoint says about the public cloud; a client
// that was pointed at login.microsoftonline.com reads it.
var publicCloud = instanceMetadata{
	"login.microsoftonline.com", "login.windows.net",
	[]string{"login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"},
}

// instance is instance discovery: it vouches for the emulator's own addresses.
func (x *exchange) instance() {
	if !x.get() {
		return
	}
	query := x.r.URL.Query()
	if refused := duplicate(query); refused != nil {
		x.refuse(refused)
		return
	}
	for _, name := range []string{"api-version", "authorization_endpoint"} {
		if query.Get(name) == "" {
			x.refuse(errMissing(name))
			return
		}
	}
	asked, err := url.Parse(query.Get("authorization_endpoint"))
	known := err == nil && asked.Scheme == "https" &&
		(slices.Contains(x.s.hosts, strings.ToLower(asked.Host)) || slices.Contains(publicCloud.Aliases, strings.ToLower(asked.Host)))
	if !known {
		x.refuse(refusal("invalid_instance", 50049, "Unknown or invalid instance."))
		return
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(asked.Path, "/"), "/")
	t, refused := x.s.tenantNamed(name)
	if refused != nil {
		x.refuse(refused)
		return
	}
	own := x.s.hostPort("localhost")
	x.json(http.StatusOK, map[string]any{
		"tenant_discovery_endpoint": "https://" + asked.Host + "/" + t.asPath() + "/v2.0/.well-known/openid-configuration",
		"api-version":               "1.1",
		"metadata": []instanceMetadata{
			publicCloud,
			{own, own, append(slices.Clone(x.s.hosts), "localhost")},
		},
	})
}

// userRealm says where a username's password is checked.
func (x *exchange) userRealm() {
	if !x.get() {
		return
	}
	realm := map[string]string{
		"ver":                 "1.0",
		"account_type":        "Unknown",
		"cloud_instance_name": "microsoftonline.com",
		"cloud_audience_urn":  "urn:federation:MicrosoftOnline",
	}
	domain := User{Username: x.to.rest}.domain()
	federated, known := x.s.realmOf(x.to.rest, domain)
	if known {
		realm["account_type"], realm["domain_name"] = "Managed", domain
	}
	if federated {
		realm["account_type"] = "Federated"
		realm["federation_protocol"] = "WSTrust"
		realm["federation_metadata_url"] = x.base() + "/adfs/services/trust/mex"
		realm["federation_active_auth_url"] = x.base() + "/adfs/services/trust/13/usernamemixed"
	}
	x.json(http.StatusOK, realm)
}

// realmOf answers for a domain; that a user is unknown in it is not told, as at Entra.
func (s *Server) realmOf(username, domain string) (federated, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m, err := s.member(username); err == nil {
		return m.Federated, true
	}
	if _, ok := s.tenants[domain]; ok {
		return false, true
	}
	for _, m := range s.users {
		known = known || m.domain() == domain
	}
	return false, known
}

func (x *exchange) jwks() {
	if !x.get() {
		return
	}
	if _, refused := x.s.tenantNamed(x.to.tenant); refused != nil {
		x.refuse(refused)
		return
	}
	x.json(http.StatusOK, x.s.keys.jwks())
}
