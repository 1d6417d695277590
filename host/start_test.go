package host_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/authlatch/authlatch/host"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// What a flow is told, in the order of one identity's life.
func TestStart(t *testing.T) {
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, []byte("PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	w.Settings = settings(t, "authority = \"https://localhost:8443\"\ntenant = \"contoso.example\"\nclient_id = \"11111111-2222-3333-4444-555555555555\"\n"+
		"additionally_allowed_tenants = [\"*\"]\ndisable_instance_discovery = true\nca_file = "+quoted(ca))
	h := w.host()
	base := &flowv1.Start{
		Scopes: []string{"https://management.azure.com/.default"}, Authority: "https://localhost:8443", Tenant: "contoso.example",
		ClientId: "11111111-2222-3333-4444-555555555555", ClientCapabilities: []string{"cp1"},
		Credential: flowv1.Credential_CREDENTIAL_ACCESS_TOKEN, InteractionMode: ifNeeded, CaBundle: []byte("PEM"), DisableInstanceDiscovery: true,
	}
	steps := []struct {
		name   string
		req    host.TokenRequest
		expect func(*flowv1.Start)
	}{
		{"the first sign-in", host.TokenRequest{}, func(*flowv1.Start) {}},
		{"another tenant: state and account", host.TokenRequest{Tenant: "fabrikam.example"}, func(s *flowv1.Start) {
			s.Tenant, s.InteractionMode, s.State = "fabrikam.example", never, []byte("state-1")
			s.Account, s.Username = account("alice"), "alice@contoso.example"
		}},
		{"the state that came last; claims as they are", host.TokenRequest{Claims: `{"access_token":{}}`}, func(s *flowv1.Start) {
			s.Claims, s.InteractionMode, s.State = `{"access_token":{}}`, never, []byte("state-2")
			s.Account, s.Username = account("alice"), "alice@contoso.example"
		}},
		{"a bound token", host.TokenRequest{TokenType: "pop", ReqCnf: "cnf", KeyID: "key"}, func(s *flowv1.Start) {
			s.TokenType, s.ReqCnf, s.KeyId, s.InteractionMode, s.State = "pop", "cnf", "key", never, []byte("state-3")
			s.Account, s.Username = account("alice"), "alice@contoso.example"
		}},
		{"an ID token without a scope", host.TokenRequest{IDToken: true}, func(s *flowv1.Start) {
			s.Scopes, s.Credential, s.InteractionMode, s.State = nil, flowv1.Credential_CREDENTIAL_ID_TOKEN, never, []byte("state-4")
			s.Account, s.Username = account("alice"), "alice@contoso.example"
		}},
		{"a forced sign-in names nobody", host.TokenRequest{Interaction: host.Force}, func(s *flowv1.Start) { s.InteractionMode = force }},
	}
	for _, step := range steps {
		if _, err := h.GetToken(t.Context(), step.req); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		expected := proto.CloneOf(base)
		step.expect(expected)
		if got := w.last(); !proto.Equal(got, expected) {
			t.Errorf("%s:\n got %v\nwant %v", step.name, got, expected)
		}
	}
}

func quoted(s string) string { return "'" + s + "'" }

// What the refusal of a silent try asks for is carried into the sign-in, merged
// with what the caller asks for.
func TestClaimsOfARefusal(t *testing.T) {
	w := newWorld(t)
	h := w.host()
	if _, err := h.SignIn(t.Context(), host.TokenRequest{}); err != nil {
		t.Fatal(err)
	}
	refused := reason(flowv1.ReasonInteractionRequired)
	refused.Claims = `{"access_token":{"acrs":{"value":"c1"}}}`
	w.flows["browser"] = failsSilently(refused)
	for _, c := range []struct{ asked, sent string }{
		{"", `{"access_token":{"acrs":{"value":"c1"}}}`},
		{`{"access_token":{"nbf":{"value":"1"}}}`, `{"access_token":{"acrs":{"value":"c1"},"nbf":{"value":"1"}}}`},
	} {
		w.pass(hour)
		if _, err := h.GetToken(t.Context(), host.TokenRequest{Claims: c.asked}); err != nil {
			t.Fatal(err)
		}
		want(t, "claims", w.last().GetClaims(), c.sent)
	}
	w.pass(hour)
	_, err := h.GetToken(t.Context(), host.TokenRequest{Interaction: host.Never})
	want(t, "error", problem(t, err).Next, `run: authlatch login -p work --claims '{"access_token":{"acrs":{"value":"c1"}}}'`)
}

func TestUnreadableCAFile(t *testing.T) {
	w := newWorld(t)
	w.Settings = settings(t, "ca_file = '/nonexistent/ca.pem'")
	_, err := w.host().GetToken(t.Context(), host.TokenRequest{})
	want(t, "exit code", code(err), host.ExitUsage)
	if text := err.Error(); !strings.HasPrefix(text, "/etc/authlatch.toml:3: profiles.work.ca_file: ") {
		t.Errorf("the error does not name the key: %s", text)
	}
}
