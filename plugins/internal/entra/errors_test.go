package entra

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
	"github.com/authlatch/authlatch/sdk"
)

// wantReason checks the reason and returns the error for more.
func wantReason(t *testing.T, err error, reason string) *sdk.Error {
	t.Helper()
	var e *sdk.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v (%T), want *sdk.Error %s", err, err, reason)
	}
	if e.Reason != reason {
		t.Fatalf("reason %s (%q), want %s", e.Reason, e.Message, reason)
	}
	for _, secret := range []string{canaryAT, canaryRT, "eyJ", "code-1", "hunter2-hunter2"} {
		if all, _ := json.Marshal(struct{ M, S, C, I, T string }{e.Message, e.Suberror, e.Claims, e.CorrelationID, e.TraceID}); strings.Contains(string(all), secret) {
			t.Errorf("the error holds a secret: %s", all)
		}
		if e.Err != nil && strings.Contains(e.Err.Error(), secret) {
			t.Errorf("the cause holds a secret: %v", e.Err)
		}
	}
	return e
}

const entraText = "AADSTS50126: Error validating credentials due to invalid username or password.\r\nTrace ID: aa\r\nCorrelation ID: bb\r\nTimestamp: 2026-01-01 00:00:00Z"

func TestOAuthErrorMapping(t *testing.T) {
	for name, c := range map[string]struct {
		body    string
		secrets []string
		want    sdk.Error
	}{
		"entra": {
			body: `{"error":"invalid_grant","suberror":"bad_token","error_codes":[50126],"error_description":` + quote(entraText) + `,"correlation_id":"bb-1","trace_id":"aa-1"}`,
			want: sdk.Error{Reason: flowv1.ReasonInvalidGrant, AADSTS: 50126, Suberror: "bad_token", CorrelationID: "bb-1", TraceID: "aa-1",
				Message: "error validating credentials due to invalid username or password"},
		},
		"one line": {
			body: `{"error":"interaction_required","error_description":"AADSTS50076: You must use MFA. Trace ID: x Correlation ID: y Timestamp: z"}`,
			want: sdk.Error{Reason: flowv1.ReasonMFARequired, AADSTS: 50076, Message: "you must use MFA"},
		},
		"claims": {
			body: `{"error":"interaction_required","error_codes":[50076],"claims":"{\"access_token\":{\"c\":1}}"}`,
			want: sdk.Error{Reason: flowv1.ReasonMFARequired, AADSTS: 50076, Claims: `{"access_token":{"c":1}}`, Message: "the identity provider refused: interaction_required"},
		},
		"claims that are none": {
			body: `{"error":"interaction_required","claims":"boo"}`,
			want: sdk.Error{Reason: flowv1.ReasonInteractionRequired, Message: "the identity provider refused: interaction_required"},
		},
		"a code that the table knows comes before one that it does not": {
			body: `{"error":"invalid_grant","error_codes":[1,50173]}`,
			want: sdk.Error{Reason: flowv1.ReasonInvalidGrant, AADSTS: 50173, Message: "the identity provider refused: invalid_grant"},
		},
		"declined is not refined": {
			body: `{"error":"authorization_declined","error_codes":[70018]}`,
			want: sdk.Error{Reason: flowv1.ReasonAccessDenied, AADSTS: 70018, Message: "the identity provider refused: authorization_declined"},
		},
		"consent by suberror": {
			body: `{"error":"invalid_grant","suberror":"consent_required"}`,
			want: sdk.Error{Reason: flowv1.ReasonConsentRequired, Suberror: "consent_required", Message: "the identity provider refused: invalid_grant"},
		},
		"an unknown code": {
			body: `{"error":"use_dpop_nonce"}`,
			want: sdk.Error{Reason: "USE_DPOP_NONCE", Message: "the identity provider refused: use_dpop_nonce"},
		},
		"a malformed code": {
			body: `{"error":"what is\u001b[31m this"}`,
			want: sdk.Error{Reason: flowv1.ReasonTemporarilyUnavailable, Message: "the identity provider refused without saying why"},
		},
		"echoed secrets and tokens": {
			body:    `{"error":"invalid_request","error_description":"bad hunter2-hunter2 and ` + strings.Repeat("aB3", 30) + ` here","correlation_id":"hunter2-hunter2"}`,
			secrets: []string{"hunter2-hunter2"},
			want:    sdk.Error{Reason: flowv1.ReasonInvalidRequest, Message: "bad [redacted] and [redacted] here"},
		},
		"fields of other types": {
			body: `{"error":"invalid_grant","error_codes":"50126","error_description":{"a":1},"suberror":5,"trace_id":[],"claims":{}}`,
			want: sdk.Error{Reason: flowv1.ReasonInvalidGrant, Message: "the identity provider refused: invalid_grant"},
		},
		"control characters": {
			body: `{"error":"invalid_grant","error_description":"Do\u202e this\u0007 now\u001b[2J"}`,
			want: sdk.Error{Reason: flowv1.ReasonInvalidGrant, Message: "do this now"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			e, ok := parseOAuthError([]byte(c.body))
			if !ok {
				t.Fatal("not read as an OAuth error")
			}
			if got := e.sdkError(c.secrets); *got != c.want {
				t.Errorf("got  %+v\nwant %+v", *got, c.want)
			}
		})
	}
}

func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func FuzzOAuthError(f *testing.F) {
	f.Add([]byte(`{"error":"invalid_grant","error_codes":[50126],"error_description":"AADSTS50126: x\r\nTrace ID: y","claims":"{}"}`), "hunter2-hunter2")
	f.Add([]byte(`{"error":"e","error_description":"hunter2-hunter2"}`), "hunter2-hunter2")
	f.Add([]byte(`{`), "")
	f.Fuzz(func(t *testing.T, body []byte, secret string) {
		e, ok := parseOAuthError(body)
		if !ok {
			return
		}
		got := e.sdkError([]string{secret})
		if got.Reason == "" || got.Message == "" || strings.ContainsAny(got.Message, "\r\n\x1b") {
			t.Errorf("%q gave %+v", body, got)
		}
		// What is left of the message without our own words holds no secret.
		rest := strings.NewReplacer("[redacted]", "", "the identity provider refused", "", "without saying why", "", e.Code, "").Replace(got.Message)
		if len(secret) >= 8 && strings.Contains(rest, secret) {
			t.Errorf("the secret %q is in %q", secret, got.Message)
		}
	})
}
