package aadsts_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/authlatch/authlatch/internal/aadsts"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// Every entry must be fit to be shown: one line, known placeholders, a known reason.
func TestTableIsFitToBeShown(t *testing.T) {
	reasons := map[string]bool{
		flowv1.ReasonInteractionRequired: true, flowv1.ReasonAccessDenied: true, flowv1.ReasonExpiredToken: true,
		flowv1.ReasonInvalidGrant: true, flowv1.ReasonConsentRequired: true, flowv1.ReasonMFARequired: true,
		flowv1.ReasonDeviceRequired: true, flowv1.ReasonTemporarilyUnavailable: true, flowv1.ReasonInvalidClient: true,
		flowv1.ReasonInvalidScope: true, flowv1.ReasonInvalidRequest: true,
	}
	placeholder := regexp.MustCompile(`\{[^}]*\}`)
	for _, code := range aadsts.Codes() {
		e, ok := aadsts.Lookup(code)
		if !ok || !reasons[e.Reason] {
			t.Errorf("%d: reason %q is not one that a flow may give", code, e.Reason)
		}
		if e.NextStep == "" || strings.ContainsAny(e.NextStep, "\r\n\t") || strings.HasSuffix(e.NextStep, ".") {
			t.Errorf("%d: next step is not one line without a final period: %q", code, e.NextStep)
		}
		if r, _ := utf8.DecodeRuneInString(e.NextStep); unicode.IsUpper(r) {
			t.Errorf("%d: next step starts upper case: %q", code, e.NextStep)
		}
		for _, p := range placeholder.FindAllString(e.NextStep, -1) {
			switch p {
			case "{profile}", "{tenant}", "{client_id}", "{username}", "{login}", "{login_browser}":
			default:
				t.Errorf("%d: the host does not fill %s", code, p)
			}
		}
	}
}

// The numbers that design.md section 8 promises.
func TestPromisedCodes(t *testing.T) {
	for code, reason := range map[int]string{
		50005: flowv1.ReasonDeviceRequired, 50076: flowv1.ReasonMFARequired, 50079: flowv1.ReasonMFARequired,
		50126: flowv1.ReasonInvalidGrant, 50173: flowv1.ReasonInvalidGrant, 53000: flowv1.ReasonDeviceRequired,
		53001: flowv1.ReasonDeviceRequired, 53002: flowv1.ReasonDeviceRequired, 53003: flowv1.ReasonDeviceRequired,
		65001: flowv1.ReasonConsentRequired, 65002: flowv1.ReasonConsentRequired, 70008: flowv1.ReasonInvalidGrant,
		70043: flowv1.ReasonInvalidGrant, 70044: flowv1.ReasonInvalidGrant, 700082: flowv1.ReasonInvalidGrant,
		700084: flowv1.ReasonInvalidGrant, 7000218: flowv1.ReasonInvalidClient, 90072: flowv1.ReasonInvalidGrant, 65004: flowv1.ReasonAccessDenied,
		530033: flowv1.ReasonDeviceRequired, 530084: flowv1.ReasonDeviceRequired,
	} {
		if e, ok := aadsts.Lookup(code); !ok || e.Reason != reason {
			t.Errorf("Lookup(%d) = %+v, %v; want reason %s", code, e, ok, reason)
		}
	}
	if _, ok := aadsts.Lookup(1); ok {
		t.Error("Lookup(1) found something")
	}
}
