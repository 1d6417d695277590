package emulator_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/authlatch/authlatch/emulator"
)

func TestPasswordGrant(t *testing.T) {
	at := newClock()
	s := start(t, emulator.Options{Now: at.now})
	got := tokenRequest(t, s, passwordForm(alice)).ok(t)
	if got.TokenType != "Bearer" || got.ExpiresIn != 3599 || got.RefreshToken == "" || got.RefreshIn != 0 {
		t.Errorf("the answer is %+v", got)
	}
	for _, scope := range []string{armScope, "https://management.azure.com/user_impersonation", "openid", "profile"} {
		if !strings.Contains(" "+got.Scope+" ", " "+scope+" ") {
			t.Errorf("scope %q lacks %s", got.Scope, scope)
		}
	}
	access := payload(t, got.AccessToken)
	for name, want := range map[string]any{
		"aud": "https://management.azure.com", "iss": s.Authority(emulator.ContosoTenant) + "/v2.0",
		"tid": emulator.ContosoTenant, "upn": alice, "scp": "user_impersonation", "ver": "2.0", "azp": emulator.AzureCLIClient,
		"exp": float64(at.now().Add(3599 * time.Second).Unix()),
	} {
		if access[name] != want {
			t.Errorf("access token's %s is %v, want %v", name, access[name], want)
		}
	}
	id := payload(t, got.IDToken)
	if id["aud"] != emulator.AzureCLIClient || id["preferred_username"] != alice || id["oid"] != access["oid"] || id["sub"] == access["sub"] {
		t.Errorf("the id token says %v", id)
	}
	info, err := base64.RawURLEncoding.DecodeString(got.ClientInfo)
	if err != nil || !strings.Contains(string(info), access["oid"].(string)) || !strings.Contains(string(info), emulator.ContosoTenant) {
		t.Errorf("client_info is %s, %v", info, err)
	}
	if got := s.Counters(); got.Token["password"] != 1 || got.Issued["password"] != 1 {
		t.Errorf("counted %+v", got)
	}
}

func TestPasswordGrantRefused(t *testing.T) {
	s := start(t, emulator.Options{})
	for _, c := range []struct {
		name, user, tenant, oauth string
		aadsts                    int
		suberror                  string
		change                    []string
	}{
		{name: "wrong password", user: alice, oauth: "invalid_grant", aadsts: 50126, change: []string{"password", "wrong"}},
		{name: "unknown user", user: "nobody@contoso.example", oauth: "invalid_grant", aadsts: 50034},
		{name: "second factor", user: "mfa@contoso.example", oauth: "invalid_grant", aadsts: 50076, suberror: "basic_action"},
		{name: "consent", user: "noconsent@contoso.example", oauth: "invalid_grant", aadsts: 65001, suberror: "consent_required"},
		{name: "personal", user: "msa@outlook.example", oauth: "invalid_grant", aadsts: 50020},
		{name: "federated, sent here", user: "fed@contoso.example", oauth: "invalid_grant", aadsts: 50126},
		{name: "disabled", user: "disabled@contoso.example", oauth: "invalid_grant", aadsts: 50057},
		{name: "device", user: "device@contoso.example", oauth: "invalid_grant", aadsts: 53000, suberror: "message_only"},
		{name: "stranger", user: "bob@contoso.example", tenant: "fabrikam.example", oauth: "invalid_grant", aadsts: 50020},
		{name: "over common", user: alice, tenant: "common", oauth: "invalid_request", aadsts: 9001023},
		{name: "unknown tenant", user: alice, tenant: "nobody.example", oauth: "invalid_request", aadsts: 90002},
		{name: "unknown client", user: alice, oauth: "unauthorized_client", aadsts: 700016, change: []string{"client_id", "11111111-1111-4111-8111-111111111111"}},
		{name: "confidential client", user: alice, oauth: "invalid_client", aadsts: 7000218, change: []string{"client_id", emulator.ConfidentialClient}},
		{name: "no client", user: alice, oauth: "invalid_request", aadsts: 900144, change: []string{"client_id", ""}},
		{name: "no grant type", user: alice, oauth: "invalid_request", aadsts: 900144, change: []string{"grant_type", ""}},
		{name: "unknown grant type", user: alice, oauth: "unsupported_grant_type", aadsts: 70003, change: []string{"grant_type", "client_credentials"}},
		{name: "no scope", user: alice, oauth: "invalid_request", aadsts: 900144, change: []string{"scope", ""}},
		{name: "no username", user: alice, oauth: "invalid_request", aadsts: 900144, change: []string{"username", ""}},
		{name: "unknown resource", user: alice, oauth: "invalid_resource", aadsts: 500011, change: []string{"scope", "https://nobody.example/.default"}},
		{name: "unknown permission", user: alice, oauth: "invalid_client", aadsts: 650053, change: []string{"scope", "https://vault.azure.net/fly"}},
		{name: "malformed scope", user: alice, oauth: "invalid_scope", aadsts: 70011, change: []string{"scope", "https://.default"}},
		{name: "two resources", user: alice, oauth: "invalid_scope", aadsts: 28000, change: []string{"scope", armScope + " https://vault.azure.net/.default"}},
		{name: "claims no JSON", user: alice, oauth: "invalid_request", aadsts: 9002313, change: []string{"claims", "{"}},
		{name: "bound without key", user: alice, oauth: "invalid_request", aadsts: 900144, change: []string{"token_type", "pop"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tenant := c.tenant
			if tenant == "" {
				tenant = "organizations"
			}
			got := post(t, s, "/"+tenant+"/oauth2/v2.0/token", with(passwordForm(c.user), c.change...))
			got.want(t, c.oauth, c.aadsts)
			if got.Suberror != c.suberror {
				t.Errorf("suberror is %q, want %q", got.Suberror, c.suberror)
			}
			if wantClaims := c.aadsts == 50076 || c.aadsts == 53000; (got.Claims != "") != wantClaims {
				t.Errorf("claims are %q", got.Claims)
			}
		})
	}
}

// An error says what Entra's say, with the client's own correlation id.
func TestErrorBody(t *testing.T) {
	s := start(t, emulator.Options{})
	const correlation = "12345678-1234-4234-8234-123456789012"
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+"/organizations/oauth2/v2.0/token",
		strings.NewReader(with(passwordForm(alice), "password", "hunter2").Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	request.Header.Set("client-request-id", correlation)
	response, err := s.Client().Do(request)
	got := read(t, response, err)
	got.want(t, "invalid_grant", 50126)
	if got.status != http.StatusBadRequest || got.CorrelationID != correlation || got.header.Get("client-request-id") != correlation {
		t.Errorf("the correlation id is %q, %v", got.CorrelationID, got.header)
	}
	if got.TraceID == "" || got.TraceID != got.header.Get("x-ms-request-id") {
		t.Errorf("the trace id %q is not the x-ms-request-id %q", got.TraceID, got.header.Get("x-ms-request-id"))
	}
	for _, part := range []string{"AADSTS50126: Error validating credentials", "Trace ID: " + got.TraceID, "Correlation ID: " + correlation, "Timestamp: "} {
		if !strings.Contains(got.Description, part) {
			t.Errorf("%q lacks %q", got.Description, part)
		}
	}
	if strings.Contains(got.raw, "hunter2") {
		t.Error("the answer has the password in it")
	}
}

func TestTokenRequestForm(t *testing.T) {
	s := start(t, emulator.Options{})
	send := func(t *testing.T, contentType, body string) reply {
		t.Helper()
		response, err := s.Client().Post(s.URL()+"/organizations/oauth2/v2.0/token", contentType, strings.NewReader(body))
		return read(t, response, err)
	}
	body := passwordForm(alice).Encode()
	send(t, "application/json", `{"grant_type":"password"}`).want(t, "invalid_request", 900144)
	send(t, "", body).want(t, "invalid_request", 900144)
	send(t, "application/x-www-form-urlencoded", body+"&username=bob").want(t, "invalid_request", 9000411)
	send(t, "application/x-www-form-urlencoded", "%zz").want(t, "invalid_request", 9002313)
	send(t, "application/x-www-form-urlencoded", strings.Repeat("a", 2<<20)).want(t, "invalid_request", 9002313)
	send(t, "Application/X-WWW-Form-Urlencoded;charset=UTF-8", body).ok(t)
}

// A guest's token is of the tenant that was asked for, with an object id of its own.
func TestGuest(t *testing.T) {
	s := start(t, emulator.Options{})
	home := payload(t, tokenRequest(t, s, passwordForm(alice)).ok(t).AccessToken)
	answer := post(t, s, "/fabrikam.example/oauth2/v2.0/token", passwordForm(alice)).ok(t)
	away := payload(t, answer.AccessToken)
	if away["tid"] != emulator.FabrikamTenant || away["oid"] == home["oid"] || away["idp"] == nil {
		t.Errorf("the guest's token says %v", away)
	}
	info, _ := base64.RawURLEncoding.DecodeString(answer.ClientInfo)
	if !strings.Contains(string(info), home["oid"].(string)) {
		t.Errorf("client_info %s does not name the home account", info)
	}
}

func TestScopes(t *testing.T) {
	s := start(t, emulator.Options{})
	for _, c := range []struct{ scope, audience, scp string }{
		{"https://management.core.windows.net//.default", "https://management.core.windows.net/", "user_impersonation"},
		{"https://management.core.windows.net/.default", "https://management.core.windows.net", "user_impersonation"},
		{emulator.AKSServer + "/.default", emulator.AKSServer, "user.read"},
		{emulator.DevOps + "/.default", emulator.DevOps, "user_impersonation"},
		{"https://containerregistry.azure.net/.default", emulator.ACRResource, "user_impersonation"},
		{"api://" + emulator.OwnClient + "/read", "api://" + emulator.OwnClient, "read"},
		{"User.Read", "https://graph.microsoft.com", "User.Read"},
		{"openid profile", "00000003-0000-0000-c000-000000000000", "User.Read"},
	} {
		got := tokenRequest(t, s, with(passwordForm(alice), "scope", c.scope)).ok(t)
		claims := payload(t, got.AccessToken)
		if claims["aud"] != c.audience || claims["scp"] != c.scp {
			t.Errorf("%s: aud %v, scp %v", c.scope, claims["aud"], claims["scp"])
		}
		if got.RefreshToken != "" {
			t.Errorf("%s: a refresh token without offline_access", c.scope)
		}
	}
}

func TestRefreshInOfLongTokens(t *testing.T) {
	s := start(t, emulator.Options{AccessTokenLifetime: 24 * time.Hour})
	if got := tokenRequest(t, s, passwordForm(alice)).ok(t); got.ExpiresIn != 86400 || got.RefreshIn != 43200 {
		t.Errorf("expires_in %d, refresh_in %d", got.ExpiresIn, got.RefreshIn)
	}
}
