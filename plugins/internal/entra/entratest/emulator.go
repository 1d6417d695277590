package entratest

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/emulator"
	"github.com/authlatch/authlatch/emulator/person"
	"github.com/authlatch/authlatch/sdk"
)

// Emulator is a running emulator on a Clock.
type Emulator struct {
	*emulator.Server
	Clock *Clock
}

// Start starts an emulator for the length of the test.
func Start(t *testing.T, opts emulator.Options) *Emulator {
	t.Helper()
	clock := NewClock()
	opts.Now = clock.Now
	s, err := emulator.Start(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close the emulator: %v", err)
		}
	})
	return &Emulator{Server: s, Clock: clock}
}

// Request is a first sign-in at the emulator for Azure Resource Manager.
func (e *Emulator) Request() *sdk.Request {
	return &sdk.Request{
		Authority:                e.URL(),
		Tenant:                   "organizations",
		ClientID:                 emulator.AzureCLIClient,
		Scopes:                   []string{emulator.ARMResource + "/.default"},
		ClientCapabilities:       []string{"cp1"},
		Mode:                     sdk.IfNeeded,
		CABundle:                 e.CAPEM(),
		DisableInstanceDiscovery: true,
	}
}

// Person is one of the emulator's default users, at a browser.
func (e *Emulator) Person(username string) *person.Person {
	return person.New(e.Client(), username, Password(username))
}

// Password is a default user's.
func Password(username string) string {
	name, _, _ := strings.Cut(username, "@")
	return "not-a-secret-" + name
}

// jwt is the beginning of every JWT: header and payload are JSON objects. Three
// letters of it alone are found in any refresh token, sooner or later.
var jwt = regexp.MustCompile(`eyJ[\w-]+\.eyJ`)

// HasJWT finds an access or ID token of the emulator's.
func HasJWT(b []byte) bool { return jwt.Match(b) }

// WantError checks an *sdk.Error's reason and AADSTS number, and that no text of
// it holds one of the default passwords or a token.
func WantError(t *testing.T, err error, reason string, aadsts int) *sdk.Error {
	t.Helper()
	var e *sdk.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v (%T), want *sdk.Error %s", err, err, reason)
	}
	if e.Reason != reason || e.AADSTS != aadsts {
		t.Fatalf("reason %s, AADSTS %d (%q), want %s, %d", e.Reason, e.AADSTS, e.Message, reason, aadsts)
	}
	for _, text := range []string{e.Message, e.Suberror, e.Claims, e.CorrelationID, e.TraceID} {
		if strings.Contains(text, "not-a-secret") || HasJWT([]byte(text)) {
			t.Errorf("the error holds a secret: %q", text)
		}
	}
	if e.Message == "" || strings.ContainsAny(e.Message, "\r\n") || strings.HasSuffix(e.Message, ".") || strings.Contains(e.Message, "AADSTS") {
		t.Errorf("message %q is not one sentence for people", e.Message)
	}
	return e
}
