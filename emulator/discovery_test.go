package emulator_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/authlatch/authlatch/emulator"
)

func document(t *testing.T, r reply) map[string]any {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal([]byte(r.ok(t).raw), &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestDiscovery(t *testing.T) {
	s := start(t, emulator.Options{})
	for _, c := range []struct{ tenant, issuer, endpoint string }{
		{emulator.ContosoTenant, emulator.ContosoTenant, emulator.ContosoTenant},
		{"contoso.example", emulator.ContosoTenant, emulator.ContosoTenant},
		{"FABRIKAM.example", emulator.FabrikamTenant, emulator.FabrikamTenant},
		{"organizations", "{tenantid}", "organizations"},
		{"common", "{tenantid}", "common"},
		{"consumers", emulator.PersonalTenant, "consumers"},
	} {
		t.Run(c.tenant, func(t *testing.T) {
			doc := document(t, get(t, s, "/"+c.tenant+"/v2.0/.well-known/openid-configuration", ""))
			for name, want := range map[string]string{
				"issuer":                        s.URL() + "/" + c.issuer + "/v2.0",
				"authorization_endpoint":        s.URL() + "/" + c.endpoint + "/oauth2/v2.0/authorize",
				"token_endpoint":                s.URL() + "/" + c.endpoint + "/oauth2/v2.0/token",
				"device_authorization_endpoint": s.URL() + "/" + c.endpoint + "/oauth2/v2.0/devicecode",
			} {
				if doc[name] != want {
					t.Errorf("%s is %v, want %s", name, doc[name], want)
				}
			}
		})
	}
	get(t, s, "/nobody.example/v2.0/.well-known/openid-configuration", "").want(t, "invalid_request", 90002)
}

func TestInstanceDiscovery(t *testing.T) {
	s := start(t, emulator.Options{})
	path := "/common/discovery/instance?api-version=1.1&authorization_endpoint="
	doc := document(t, get(t, s, path+s.Authority("common")+"/oauth2/v2.0/authorize", ""))
	if want := s.Authority("common") + "/v2.0/.well-known/openid-configuration"; doc["tenant_discovery_endpoint"] != want {
		t.Errorf("tenant_discovery_endpoint is %v, want %s", doc["tenant_discovery_endpoint"], want)
	}
	own := doc["metadata"].([]any)[1].(map[string]any)
	if !slices.Contains(own["aliases"].([]any), any(s.URL()[len("https://"):])) {
		t.Errorf("the own host is missing in %v", own)
	}
	get(t, s, path+"https://evil.example/common/oauth2/v2.0/authorize", "").want(t, "invalid_instance", 50049)
	get(t, s, "/common/discovery/instance?api-version=1.1", "").want(t, "invalid_request", 900144)
}

func TestUserRealm(t *testing.T) {
	s := start(t, emulator.Options{})
	for _, c := range []struct{ path, account string }{
		{"/common/UserRealm/alice@contoso.example", "Managed"},
		{"/common/userrealm/ALICE@contoso.example", "Managed"},
		{"/common/UserRealm/nobody@contoso.example", "Managed"},
		{"/common/UserRealm/fed@contoso.example", "Federated"},
		{"/common/UserRealm/someone@elsewhere.example", "Unknown"},
	} {
		doc := document(t, get(t, s, c.path+"?api-version=1.0", ""))
		if doc["account_type"] != c.account {
			t.Errorf("%s: account_type is %v, want %s", c.path, doc["account_type"], c.account)
		}
		if c.account != "Unknown" && doc["domain_name"] != "contoso.example" {
			t.Errorf("%s: domain_name is %v", c.path, doc["domain_name"])
		}
	}
	if got := s.Counters().UserRealm; got != 5 {
		t.Errorf("counted %d, want 5", got)
	}
}

// Anyone can check the tokens with what the JWKS endpoint publishes.
func TestTokensVerifyWithJWKS(t *testing.T) {
	s := start(t, emulator.Options{})
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(get(t, s, "/common/discovery/v2.0/keys", "").ok(t).raw), &keys); err != nil {
		t.Fatal(err)
	}
	answer := tokenRequest(t, s, passwordForm(alice)).ok(t)
	for _, token := range []string{answer.AccessToken, answer.IDToken} {
		signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := signed.Verify(keys); err != nil {
			t.Error(err)
		}
		if len(keys.Key(signed.Signatures[0].Header.KeyID)) != 1 {
			t.Error("the token's kid is not published")
		}
	}
}

func TestUnknownPathsAndMethods(t *testing.T) {
	s := start(t, emulator.Options{})
	if got := get(t, s, "/contoso.example/oauth2/v2.0/nothing", "").status; got != http.StatusNotFound {
		t.Errorf("got %d", got)
	}
	get(t, s, "/organizations/oauth2/v2.0/token", "").want(t, "invalid_request", 900561)
	get(t, s, "/organizations/oauth2/v2.0/devicecode", "").want(t, "invalid_request", 900561)
	post(t, s, "/organizations/v2.0/.well-known/openid-configuration", form("a", "b")).want(t, "invalid_request", 900561)
}
