package emulator_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/emulator"
)

func controlled(t *testing.T, s *emulator.Server, method, path, body string, header ...string) reply {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.URL()+"/_emulator/"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if len(header) == 2 {
		request.Header.Set(header[0], header[1])
	}
	response, err := s.Client().Do(request)
	return read(t, response, err)
}

func TestControls(t *testing.T) {
	s := start(t, emulator.Options{})
	controlled(t, s, "POST", "faults", `{"endpoint":"token","kind":"status503","times":1,"retry_after":3,"delay":"1ms"}`).ok(t)
	if got := tokenRequest(t, s, passwordForm(alice)); got.status != 503 || got.header.Get("Retry-After") != "3" {
		t.Errorf("got %d", got.status)
	}
	token := tokenRequest(t, s, passwordForm(alice)).ok(t).RefreshToken
	var counters emulator.Counters
	if err := json.Unmarshal([]byte(controlled(t, s, "GET", "counters", "").ok(t).raw), &counters); err != nil || counters.Token["password"] != 2 || counters.Total != 2 {
		t.Errorf("counters are %+v, %v", counters, err)
	}
	controlled(t, s, "POST", "users/"+alice+"/revoke", "").ok(t)
	tokenRequest(t, s, refreshForm(token)).want(t, "invalid_grant", 50173)
	controlled(t, s, "POST", "users/"+alice+"/password", `{"password":"not-a-secret-new"}`).ok(t)
	tokenRequest(t, s, passwordForm(alice)).want(t, "invalid_grant", 50126)
	access := tokenRequest(t, s, with(passwordForm(alice), "password", "not-a-secret-new")).ok(t).AccessToken
	claims, _ := json.Marshal(map[string]string{"claims": challenge})
	controlled(t, s, "POST", "users/"+alice+"/claims", string(claims)).ok(t)
	challengeIn(t, get(t, s, armPath, access))
	controlled(t, s, "DELETE", "users/"+alice+"/claims", "").ok(t)
	get(t, s, armPath, access).ok(t)
	controlled(t, s, "POST", "users/"+alice+"/reject", "").ok(t)
	if got := get(t, s, armPath, access); got.status != 401 {
		t.Errorf("got %d", got.status)
	}
	controlled(t, s, "PUT", "users/dora@contoso.example", `{"password":"not-a-secret-dora"}`).ok(t)
	tokenRequest(t, s, passwordForm("dora@contoso.example")).ok(t)
	controlled(t, s, "DELETE", "users/dora@contoso.example", "").ok(t)
	tokenRequest(t, s, passwordForm("dora@contoso.example")).want(t, "invalid_grant", 50034)
	if got := controlled(t, s, "GET", "users", "").ok(t); strings.Contains(got.raw, "not-a-secret") {
		t.Error("the list of users has passwords")
	}
	controlled(t, s, "POST", "faults", `{"kind":"status500"}`).ok(t)
	controlled(t, s, "POST", "reset", "").ok(t)
	if got := s.Counters(); got.Total != 0 || len(s.Requests()) != 0 {
		t.Errorf("after the reset: %+v", got)
	}
	get(t, s, "/", "").ok(t)
}

func TestControlsRefuse(t *testing.T) {
	s := start(t, emulator.Options{})
	for _, c := range []struct {
		method, path, body string
		status             int
	}{
		{"POST", "faults", `{"kind":"typo"}`, 400},
		{"POST", "faults", `{"kind":"slow","unknown":1}`, 400},
		{"POST", "faults", `{"kind":"slow","delay":"soon"}`, 400},
		{"POST", "faults", ``, 400},
		{"PUT", "users/nonsense", `{"password":"x"}`, 400},
		{"PUT", "users/a@contoso.example", `{"username":"b@contoso.example","password":"x"}`, 400},
		{"POST", "users/nobody@contoso.example/revoke", "", 404},
		{"POST", "users/" + alice + "/password", `{}`, 400},
		{"GET", "nothing", "", 404},
		{"DELETE", "counters", "", 404},
	} {
		if got := controlled(t, s, c.method, c.path, c.body); got.status != c.status {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, got.status, c.status)
		}
	}
	if got := controlled(t, s, "POST", "reset", "", "Origin", "https://evil.example"); got.status != http.StatusForbidden {
		t.Errorf("a web page: %d", got.status)
	}
}

// Neither the journal nor the log ever holds what must stay secret.
func TestNoSecretsAreKept(t *testing.T) {
	var log bytes.Buffer
	s := start(t, emulator.Options{Log: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	code, uri := signIn(t, s, alice)
	first := tokenRequest(t, s, codeForm(code, uri)).ok(t)
	second := tokenRequest(t, s, refreshForm(first.RefreshToken)).ok(t)
	d := newDevice(t, s)
	poll(t, s, d.DeviceCode)
	tokenRequest(t, s, passwordForm(alice)).ok(t)
	get(t, s, "/k8s/version", second.AccessToken)
	tokenRequest(t, s, refreshForm(first.RefreshToken)).want(t, "invalid_grant", 70000)

	journal := s.Requests()
	raw, err := json.Marshal(journal)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{code, verifier, first.RefreshToken, second.AccessToken, d.DeviceCode, d.UserCode, passwordOf(alice)} {
		if strings.Contains(string(raw), secret) || strings.Contains(log.String(), secret) {
			t.Errorf("%.12s… was kept", secret)
		}
	}
	last := journal[len(journal)-1]
	if last.GrantType != "refresh_token" || last.ClientID != emulator.AzureCLIClient || last.Status != 400 || last.Error != "invalid_grant" ||
		last.ErrorCode != 70000 || strings.Join(last.Keys, " ") != "client_id grant_type refresh_token scope" {
		t.Errorf("the journal ends with %+v", last)
	}
}

func TestUsersAreChecked(t *testing.T) {
	for _, u := range []emulator.User{
		{Username: "noat", Password: "x"}, {Username: "a@b.example"}, {Username: "a@b.example", Password: "x", Tenant: "contoso"},
		{Username: "a@b.example", Password: "x", GuestTenants: []string{"x"}}, {Username: "a@b.example", Password: "x", ID: "1"},
	} {
		if s, err := emulator.Start(emulator.Options{Users: []emulator.User{u}}); err == nil {
			s.Close()
			t.Errorf("%+v was taken", u)
		}
	}
	// A user may be at home in a tenant of their own, whose domain resolves then.
	const tenant = "33333333-3333-4333-8333-333333333333"
	s := start(t, emulator.Options{Users: []emulator.User{{Username: "zoe@third.example", Password: "not-a-secret-zoe", Tenant: tenant}}})
	got := post(t, s, "/third.example/oauth2/v2.0/token", passwordForm("zoe@third.example")).ok(t)
	if tid := payload(t, got.AccessToken)["tid"]; tid != tenant {
		t.Errorf("tid is %v", tid)
	}
}
