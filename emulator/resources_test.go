package emulator_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/authlatch/authlatch/emulator"
)

const (
	aksScope  = emulator.AKSServer + "/.default"
	armPath   = "/arm/subscriptions?api-version=2022-12-01"
	challenge = `{"access_token":{"nbf":{"essential":true,"value":"1702682181"}}}`
	capable   = `{"access_token":{"xms_cc":{"values":["CP1"]}}}`
)

func tokenFor(t *testing.T, s *emulator.Server, scope string, change ...string) string {
	t.Helper()
	return tokenRequest(t, s, with(passwordForm(alice), append(change, "scope", scope)...)).ok(t).AccessToken
}

func TestResourcesJudgeTokens(t *testing.T) {
	at := newClock()
	s := start(t, emulator.Options{Now: at.now})
	other := start(t, emulator.Options{Now: at.now})
	aks, arm := tokenFor(t, s, aksScope), tokenFor(t, s, armScope)
	foreign := tokenFor(t, other, aksScope)
	parts := strings.Split(aks, ".")
	forged := parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"aud":"x"}`)) + "." + parts[2]
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + parts[1] + "."
	for _, c := range []struct {
		name, path, token string
		status            int
	}{
		{"kubernetes", "/k8s/version", aks, 200},
		{"kubernetes namespaces", "/k8s/api/v1/namespaces", aks, 200},
		{"kubernetes at the root, for kubectl get --raw", "/version", aks, 200},
		{"kubernetes unknown path", "/k8s/api/v1/pods", aks, 404},
		{"kubernetes without token", "/k8s/version", "", 401},
		{"kubernetes, ARM's token", "/k8s/version", arm, 401},
		{"forged", "/k8s/version", forged, 401},
		{"unsigned", "/k8s/version", none, 401},
		{"garbage", "/k8s/version", "garbage", 401},
		{"another emulator's", "/k8s/version", foreign, 401},
		{"ARM", armPath, arm, 200},
		{"ARM, token for the classic name", armPath, tokenFor(t, s, "https://management.core.windows.net//.default"), 200},
		{"ARM tenants", "/arm/tenants?api-version=2022-12-01", arm, 200},
		{"ARM without version", "/arm/subscriptions", arm, 400},
		{"ARM, Kubernetes's token", armPath, aks, 401},
		{"ARM without token", armPath, "", 401},
		{"registry without token", "/v2/", "", 401},
		{"git without token", "/git/org/proj/_git/repo/info/refs?service=git-upload-pack", "", 401},
		{"git", "/git/org/proj/_git/repo/info/refs?service=git-upload-pack", tokenFor(t, s, emulator.DevOps+"/.default"), 200},
	} {
		got := get(t, s, c.path, c.token)
		if got.status != c.status {
			t.Errorf("%s: %d, want %d: %s", c.name, got.status, c.status, got.raw)
		}
		if (got.header.Get("WWW-Authenticate") != "") != (c.status == 401) {
			t.Errorf("%s: WWW-Authenticate is %q", c.name, got.header.Get("WWW-Authenticate"))
		}
	}
	at.advance(time.Hour)
	if got := get(t, s, "/k8s/version", aks); got.status != 401 {
		t.Errorf("an expired token: %d", got.status)
	}
	if got := s.Counters(); got.APIDenied == 0 || got.API <= got.APIDenied {
		t.Errorf("counted %+v", got)
	}
}

func challengeIn(t *testing.T, r reply) string {
	t.Helper()
	header := r.header.Get("WWW-Authenticate")
	_, rest, found := strings.Cut(header, `claims="`)
	if r.status != http.StatusUnauthorized || !found || !strings.Contains(header, `error="insufficient_claims"`) {
		t.Fatalf("no claims challenge: %d %s", r.status, header)
	}
	encoded, _, _ := strings.Cut(rest, `"`)
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestClaimsChallenge(t *testing.T) {
	s := start(t, emulator.Options{})
	token := tokenFor(t, s, armScope)
	get(t, s, armPath, token).ok(t)
	if err := s.RequireClaims(alice, challenge); err != nil {
		t.Fatal(err)
	}
	asked := challengeIn(t, get(t, s, armPath, token))
	if asked != challenge {
		t.Errorf("asked for %s", asked)
	}
	get(t, s, armPath, tokenFor(t, s, armScope, "claims", asked)).ok(t)
	// Merged with the client's own capabilities it is the same answer.
	merged := `{"access_token":{"xms_cc":{"values":["CP1"]},"nbf":{"value":"1702682181","essential":true}}}`
	answered := tokenFor(t, s, armScope, "claims", merged)
	get(t, s, armPath, answered).ok(t)
	if got := fmt.Sprint(payload(t, answered)["xms_cc"]); got != "[CP1]" {
		t.Errorf("xms_cc is %s", got)
	}
	if err := s.RequireClaims(alice, ""); err != nil {
		t.Fatal(err)
	}
	get(t, s, armPath, token).ok(t)
	if err := s.RequireClaims(alice, "{"); err == nil {
		t.Error("claims that are no JSON were taken")
	}
}

// Continuous access evaluation: a capable client hears of a revocation at once,
// another one when its token expires.
func TestRevocationAndRejection(t *testing.T) {
	s := start(t, emulator.Options{})
	able, plain := tokenFor(t, s, armScope, "claims", capable), tokenFor(t, s, armScope)
	if err := s.RevokeSessions(alice); err != nil {
		t.Fatal(err)
	}
	if asked := challengeIn(t, get(t, s, armPath, able)); !strings.Contains(asked, "nbf") {
		t.Errorf("asked for %s", asked)
	}
	get(t, s, armPath, plain).ok(t)
	get(t, s, armPath, tokenFor(t, s, armScope, "claims", capable)).ok(t)
	if err := s.RejectAccessTokens(alice); err != nil {
		t.Fatal(err)
	}
	if got := get(t, s, armPath, plain); got.status != 401 {
		t.Errorf("got %d", got.status)
	}
	get(t, s, armPath, tokenFor(t, s, armScope)).ok(t)
}

func TestKubernetesWhoAmI(t *testing.T) {
	s := start(t, emulator.Options{})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+"/k8s/apis/authentication.k8s.io/v1/selfsubjectreviews", strings.NewReader(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+tokenFor(t, s, aksScope))
	response, err := s.Client().Do(request)
	if got := read(t, response, err); got.status != http.StatusCreated || !strings.Contains(got.raw, `"username":"`+alice+`"`) {
		t.Errorf("got %d: %s", got.status, got.raw)
	}
}

// A bound token is worth nothing without a proof by its key.
func TestProofOfPossession(t *testing.T) {
	s := start(t, emulator.Options{})
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public := jose.JSONWebKey{Key: &key.PublicKey}
	sum, err := public.Thumbprint(crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	confirmation := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"kid":%q}`, base64.RawURLEncoding.EncodeToString(sum)))
	got := tokenRequest(t, s, with(passwordForm(alice), "scope", aksScope, "token_type", "pop", "req_cnf", confirmation)).ok(t)
	if got.TokenType != "pop" {
		t.Errorf("token_type is %s", got.TokenType)
	}
	if r := get(t, s, "/k8s/version", got.AccessToken); r.status != 401 {
		t.Errorf("as a bearer: %d", r.status)
	}
	prove := func(signer *rsa.PrivateKey, at time.Time) int {
		body, err := json.Marshal(map[string]any{"at": got.AccessToken, "ts": at.Unix(), "nonce": "n", "cnf": map[string]any{"jwk": jose.JSONWebKey{Key: &signer.PublicKey}}})
		if err != nil {
			t.Fatal(err)
		}
		maker, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: signer}, (&jose.SignerOptions{}).WithType("pop"))
		if err != nil {
			t.Fatal(err)
		}
		signed, err := maker.Sign(body)
		if err != nil {
			t.Fatal(err)
		}
		proof, err := signed.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+"/k8s/version", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "PoP "+proof)
		response, err := s.Client().Do(request)
		return read(t, response, err).status
	}
	thief, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	if status := prove(key, time.Now()); status != 200 {
		t.Errorf("with proof: %d", status)
	}
	if status := prove(thief, time.Now()); status != 401 {
		t.Errorf("with another key: %d", status)
	}
	if status := prove(key, time.Now().Add(-time.Hour)); status != 401 {
		t.Errorf("with an old proof: %d", status)
	}
}

func TestRegistry(t *testing.T) {
	s := start(t, emulator.Options{})
	host := strings.TrimPrefix(s.URL(), "https://")
	exchange := func(token, service string) reply {
		return post(t, s, "/oauth2/exchange", form("grant_type", "access_token", "service", service, "tenant", emulator.ContosoTenant, "access_token", token))
	}
	refreshToken := exchange(tokenFor(t, s, emulator.ACRResource+"/.default"), host).ok(t).RefreshToken
	if got := exchange(tokenFor(t, s, aksScope), host); got.status != 401 {
		t.Errorf("another audience: %d", got.status)
	}
	if got := exchange(tokenFor(t, s, armScope), "other.azurecr.io"); got.status != 400 {
		t.Errorf("another registry: %d", got.status)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+"/v2/", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth("00000000-0000-0000-0000-000000000000", refreshToken)
	response, err := s.Client().Do(request)
	read(t, response, err).ok(t)
	access := post(t, s, "/oauth2/token", form("grant_type", "refresh_token", "service", host, "refresh_token", refreshToken)).ok(t)
	get(t, s, "/v2/_catalog", access.AccessToken).ok(t)
	if got := get(t, s, "/v2/", refreshToken); got.status != 401 {
		t.Errorf("a refresh token as a bearer: %d", got.status)
	}
	// An Entra token is none of the registry's, whoever signed it.
	if got := get(t, s, "/v2/", tokenFor(t, s, emulator.ACRResource+"/.default")); got.status != 401 {
		t.Errorf("an Entra token: %d", got.status)
	}
}
