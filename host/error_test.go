package host_test

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/launch"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// What a person reads of a sign-in that fails.
func TestErrorLines(t *testing.T) {
	vault := []string{"https://vault.azure.net/.default"}
	cases := []struct {
		name string
		err  error // the flow's
		req  host.TokenRequest
		want string
	}{
		{"a wrong password", &launch.FlowError{
			Reason: flowv1.ReasonInvalidGrant, Message: "wrong user name or password", AADSTS: 50126, CorrelationID: "c0ffee",
		}, host.TokenRequest{}, `
the identity provider refused the credentials
flow browser: wrong user name or password (AADSTS50126, correlation id c0ffee)
check the user name and the password`},
		{"a number that the message names already", &launch.FlowError{
			Reason: flowv1.ReasonMFARequired, Message: "AADSTS50076: a second factor is needed", AADSTS: 50076,
		}, host.TokenRequest{}, `
the sign-in needs a second factor
flow browser: AADSTS50076: a second factor is needed
use the browser flow, which can ask for a second factor: authlatch login -p work --flow browser`},
		{"advice with the effective settings", &launch.FlowError{Reason: flowv1.ReasonInvalidClient, AADSTS: 7000218}, host.TokenRequest{}, `
the identity provider refused the client
flow browser: INVALID_CLIENT, AADSTS7000218
in the app registration of 04b07795-8ddb-461a-bbee-02f9e1bf7b46 set "Allow public client flows" to yes`},
		{"a provider that wants a pause", &launch.FlowError{Reason: flowv1.ReasonTemporarilyUnavailable, Message: "too many requests", RetryAfter: 90 * time.Second}, host.TokenRequest{}, `
the identity provider cannot be reached or is failing
flow browser: too many requests
try again in 1m30s`},
		{"a person's no", &launch.FlowError{Reason: flowv1.ReasonAccessDenied, Message: "the person declined"}, host.TokenRequest{Scopes: vault, Tenant: "contoso.example"}, `
the sign-in was declined
flow browser: the person declined
run: authlatch login -p work --tenant contoso.example --scope https://vault.azure.net/.default`},
		{"an unknown reason", &launch.FlowError{Reason: "GREASE", Message: "some news"}, host.TokenRequest{}, `
the sign-in failed
flow browser: some news`},
		{"a plugin that dies", &launch.PluginError{Flow: "browser", What: "died while it was asked for a token (signal: killed)"}, host.TokenRequest{}, `
flow browser died while it was asked for a token (signal: killed)
see what it wrote with --log-level debug, and report it to its author`},
		{"nobody may be asked", nil, host.TokenRequest{Interaction: host.Never, Scopes: vault, Claims: `{"access_token":{}}`}, `
nobody is signed in to profile work
run: authlatch login -p work --scope https://vault.azure.net/.default --claims '{"access_token":{}}'`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.flows["browser"] = fails(c.err)
			_, err := w.host().GetToken(t.Context(), c.req)
			e := problem(t, err)
			want(t, "lines", "\n"+strings.Join(e.Lines(), "\n"), c.want)
			if strings.Contains(e.Error(), "\n") {
				t.Errorf("more than one line: %q", e.Error())
			}
		})
	}
}

// A grant that is over where nobody may be asked: what to run, and why.
func TestErrorOfASilentTry(t *testing.T) {
	w := newWorld(t)
	h := w.host()
	if _, err := h.SignIn(t.Context(), host.TokenRequest{}); err != nil {
		t.Fatal(err)
	}
	w.pass(hour)
	w.flows["browser"] = fails(&launch.FlowError{Reason: flowv1.ReasonInteractionRequired, Message: "the grant is revoked", AADSTS: 50173})
	_, err := h.GetToken(t.Context(), host.TokenRequest{Interaction: host.Never})
	want(t, "lines", strings.Join(problem(t, err).Lines(), "\n"), `a person has to sign in, and nobody may be asked here
flow browser: the grant is revoked (AADSTS50173)
run: authlatch login -p work`)
}

func TestErrorJSON(t *testing.T) {
	e := &host.Error{
		Code: host.ExitRefused, Reason: flowv1.ReasonMFARequired, Flow: "password", What: "what", Why: "why", Next: "next", AADSTS: 50076,
		Suberror: "basic_action", Claims: `{"a":{}}`, CorrelationID: "c", TraceID: "t", RetryAfter: time.Minute, Err: io.EOF,
	}
	b, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "full", string(b), `{"exit_code":8,"reason":"MFA_REQUIRED","flow":"password","what":"what","why":"why","next":"next",`+
		`"aadsts":50076,"suberror":"basic_action","claims":"{\"a\":{}}","correlation_id":"c","trace_id":"t","retry_after":60}`)
	b, _ = json.Marshal(&host.Error{Code: host.ExitOther, What: "what"})
	want(t, "least", string(b), `{"exit_code":1,"what":"what"}`)
	want(t, "wraps", errors.Is(e, io.EOF), true)
}

// A Host without any settings has those of an empty config.
func TestZeroConfig(t *testing.T) {
	h, err := host.New(host.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	_, err = h.GetToken(t.Context(), host.TokenRequest{})
	want(t, "error", err.Error(), "nobody is signed in to profile default")
	want(t, "exit code", code(err), host.ExitInteraction)
}
