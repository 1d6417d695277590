package entra

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/authlatch/authlatch/internal/aadsts"
	"github.com/authlatch/authlatch/internal/sanitize"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
	"github.com/authlatch/authlatch/sdk"
)

// OAuth error codes that the transport acts on (RFC 6749, RFC 8628 section 3.5).
const (
	codeAuthorizationPending   = "authorization_pending"
	codeSlowDown               = "slow_down"
	codeTemporarilyUnavailable = "temporarily_unavailable"
)

// oauthError is an error answer of RFC 6749 section 5.2 with Entra ID's
// additions, as it came: not yet fit to be shown.
type oauthError struct {
	Code          string
	Suberror      string
	Numbers       []int
	Description   string
	Claims        string
	CorrelationID string
	TraceID       string
}

// parseOAuthError reads an error body. It takes what it can read of each field
// and reports whether there was an error code at all.
func parseOAuthError(body []byte) (oauthError, bool) {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil {
		return oauthError{}, false
	}
	str := func(name string) string {
		var s string
		_ = json.Unmarshal(raw[name], &s) // a field of another type is as good as absent
		return s
	}
	e := oauthError{
		Code:          str("error"),
		Suberror:      str("suberror"),
		Description:   str("error_description"),
		Claims:        str("claims"),
		CorrelationID: str("correlation_id"),
		TraceID:       str("trace_id"),
	}
	_ = json.Unmarshal(raw["error_codes"], &e.Numbers)
	return e, e.Code != ""
}

// Compiled when there is an error to read: a process that gets its token pays
// for none of them.
var (
	aadstsPrefix = lazily(`^\s*AADSTS(\d{1,9}):?\s*`)
	oauthCode    = lazily(`^[a-z][a-z0-9_]{0,63}$`)
	identifier   = lazily(`^[A-Za-z0-9._-]{1,128}$`)
	// descriptionEnd is where Entra ID's text for people stops.
	descriptionEnd = lazily(`[\r\n]|\s*Trace ID:|\s*Correlation ID:|\s*Timestamp:`)
	// longWord could be a token; the longest word that belongs in an error is a URL.
	longWord = lazily(`[A-Za-z0-9+/=_.~-]{60,}`)
)

func lazily(syntax string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(syntax) })
}

// aadsts returns Entra ID's number: the one that the description begins with,
// else the first listed one that the table knows, else the first.
func (e oauthError) aadsts() int {
	if m := aadstsPrefix().FindStringSubmatch(e.Description); m != nil {
		n, _ := strconv.Atoi(m[1]) // at most nine digits
		return n
	}
	for _, n := range e.Numbers {
		if _, ok := aadsts.Lookup(n); ok {
			return n
		}
	}
	if len(e.Numbers) > 0 && e.Numbers[0] > 0 {
		return e.Numbers[0]
	}
	return 0
}

// reasonOf maps OAuth and OpenID Connect error codes.
var reasonOf = map[string]string{
	"access_denied":              flowv1.ReasonAccessDenied,
	"authorization_declined":     flowv1.ReasonAccessDenied, // Entra ID's spelling in RFC 8628
	"expired_token":              flowv1.ReasonExpiredToken,
	"code_expired":               flowv1.ReasonExpiredToken, // Entra ID's older spelling
	"bad_verification_code":      flowv1.ReasonInvalidGrant,
	"invalid_grant":              flowv1.ReasonInvalidGrant,
	"interaction_required":       flowv1.ReasonInteractionRequired,
	"login_required":             flowv1.ReasonInteractionRequired,
	"account_selection_required": flowv1.ReasonInteractionRequired,
	"consent_required":           flowv1.ReasonConsentRequired,
	"invalid_client":             flowv1.ReasonInvalidClient,
	"unauthorized_client":        flowv1.ReasonInvalidClient,
	"invalid_scope":              flowv1.ReasonInvalidScope,
	"invalid_resource":           flowv1.ReasonInvalidScope,
	"invalid_target":             flowv1.ReasonInvalidScope,
	"invalid_request":            flowv1.ReasonInvalidRequest,
	"invalid_tenant":             flowv1.ReasonInvalidRequest,
	"invalid_instance":           flowv1.ReasonInvalidRequest,
	"unsupported_grant_type":     flowv1.ReasonInvalidRequest,
	"unsupported_response_type":  flowv1.ReasonInvalidRequest,
	codeTemporarilyUnavailable:   flowv1.ReasonTemporarilyUnavailable,
	"server_error":               flowv1.ReasonTemporarilyUnavailable,
}

// final are the codes whose meaning no AADSTS number refines: what the person
// did at the device code page.
var final = map[string]bool{"authorization_declined": true, "expired_token": true, "code_expired": true}

func (e oauthError) reason() string {
	if final[e.Code] {
		return reasonOf[e.Code]
	}
	if entry, ok := aadsts.Lookup(e.aadsts()); ok {
		return entry.Reason
	}
	if e.Suberror == "consent_required" {
		return flowv1.ReasonConsentRequired
	}
	if r, ok := reasonOf[e.Code]; ok {
		return r
	}
	if oauthCode().MatchString(e.Code) {
		return strings.ToUpper(e.Code) // the set is open
	}
	return flowv1.ReasonTemporarilyUnavailable
}

// sdkError makes the error that leaves the flow. secrets are texts that the
// request carried and that a server might echo.
func (e oauthError) sdkError(secrets []string) *sdk.Error {
	out := &sdk.Error{Reason: e.reason(), AADSTS: e.aadsts(), Message: e.message(secrets)}
	if oauthCode().MatchString(e.Suberror) {
		out.Suberror = e.Suberror
	}
	if _, ok := claimsObject(e.Claims); ok && !containsAny(e.Claims, secrets) {
		out.Claims = e.Claims
	}
	if identifier().MatchString(e.CorrelationID) && !containsAny(e.CorrelationID, secrets) {
		out.CorrelationID = e.CorrelationID
	}
	if identifier().MatchString(e.TraceID) && !containsAny(e.TraceID, secrets) {
		out.TraceID = e.TraceID
	}
	return out
}

// maxMessage is about two lines of a terminal.
const maxMessage = 240

// message is the description's first sentence for people.
func (e oauthError) message(secrets []string) string {
	s := aadstsPrefix().ReplaceAllString(e.Description, "")
	if loc := descriptionEnd().FindStringIndex(s); loc != nil {
		s = s[:loc[0]]
	}
	s = redact(s, secrets)
	s = strings.TrimRight(sanitize.Line(s, maxMessage), ". ")
	if s == "" {
		if oauthCode().MatchString(e.Code) {
			return "the identity provider refused: " + e.Code
		}
		return "the identity provider refused without saying why"
	}
	return lowerFirst(s)
}

// minSecret: replacing shorter texts would garble the message and tell more
// about them than it hides.
const minSecret = 4

func redact(s string, secrets []string) string {
	for _, secret := range secrets {
		if len(secret) >= minSecret {
			s = strings.ReplaceAll(s, secret, "[redacted]")
			s = strings.ReplaceAll(s, url.QueryEscape(secret), "[redacted]")
		}
	}
	return longWord().ReplaceAllString(s, "[redacted]")
}

func containsAny(s string, secrets []string) bool {
	for _, secret := range secrets {
		if len(secret) >= minSecret && strings.Contains(s, secret) {
			return true
		}
	}
	return false
}

// lowerFirst makes a sentence fit behind "authlatch: ", but leaves acronyms.
func lowerFirst(s string) string {
	first, n := utf8.DecodeRuneInString(s)
	second, _ := utf8.DecodeRuneInString(s[n:])
	if unicode.IsUpper(first) && !unicode.IsUpper(second) {
		return string(unicode.ToLower(first)) + s[n:]
	}
	return s
}
