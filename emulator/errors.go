package emulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// oauthError is a refusal as Entra words it. What it says may be shown and
// logged: it never holds a secret.
type oauthError struct {
	status   int    // 400 if zero
	oauth    string // the OAuth 2.0 error code
	aadsts   int
	text     string
	suberror string
	claims   string
}

func (e *oauthError) Error() string {
	return fmt.Sprintf("%s: AADSTS%d: %s", e.oauth, e.aadsts, e.text)
}

func refusal(oauth string, aadsts int, format string, args ...any) *oauthError {
	return &oauthError{oauth: oauth, aadsts: aadsts, text: fmt.Sprintf(format, args...)}
}

func (e *oauthError) withSuberror(suberror string) *oauthError { e.suberror = suberror; return e }

// policyClaims is what Entra adds when a conditional access policy refused: a
// client passes it to the next interactive request.
const policyClaims = `{"access_token":{"capolids":{"essential":true,"values":["ca000000-0000-4000-8000-000000000001"]}}}`

func (e *oauthError) withPolicyClaims() *oauthError { e.claims = policyClaims; return e }

// The body of an error response, field by field as Entra orders it.
type errorBody struct {
	Error            string `json:"error"`
	ErrorDescription string `json:"error_description"`
	ErrorCodes       []int  `json:"error_codes"`
	Timestamp        string `json:"timestamp"`
	TraceID          string `json:"trace_id"`
	CorrelationID    string `json:"correlation_id"`
	ErrorURI         string `json:"error_uri,omitempty"`
	Suberror         string `json:"suberror,omitempty"`
	Claims           string `json:"claims,omitempty"`
}

// description is the error_description that goes with the exchange's ids.
func (x *exchange) description(e *oauthError) string {
	return fmt.Sprintf("AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s",
		e.aadsts, e.text, x.traceID, x.correlationID, x.stamp())
}

func (x *exchange) stamp() string { return x.s.now().UTC().Format("2006-01-02 15:04:05Z") }

// refuse writes e as a JSON error response.
func (x *exchange) refuse(e *oauthError) {
	x.failed(e)
	status := e.status
	if status == 0 {
		status = http.StatusBadRequest
	}
	x.json(status, errorBody{
		Error:            e.oauth,
		ErrorDescription: x.description(e),
		ErrorCodes:       []int{e.aadsts},
		Timestamp:        x.stamp(),
		TraceID:          x.traceID,
		CorrelationID:    x.correlationID,
		ErrorURI:         fmt.Sprintf("%s/error?code=%d", x.base(), e.aadsts),
		Suberror:         e.suberror,
		Claims:           e.claims,
	})
}

// failed notes e for the journal.
func (x *exchange) failed(e *oauthError) {
	x.entry.Error, x.entry.ErrorCode = e.oauth, e.aadsts
}

func (x *exchange) json(status int, body any) {
	x.w.Header().Set("Content-Type", "application/json; charset=utf-8")
	x.w.WriteHeader(status)
	// The client that went away is the only reader of an error here.
	_ = json.NewEncoder(x.w).Encode(body)
}

// What can be wrong, one function a meaning, with Entra's own words.

func errMissing(name string) *oauthError {
	return refusal("invalid_request", 900144, "The request body must contain the following parameter: '%s'.", name)
}

func errDuplicate(name string) *oauthError {
	return refusal("invalid_request", 9000411, "The request is not properly formatted. The parameter '%s' is duplicated.", name)
}

func errMalformed(what string) *oauthError {
	return refusal("invalid_request", 9002313, "Invalid request. Request is malformed or invalid (%s).", what)
}

func errMethod(want, got string) *oauthError {
	return refusal("invalid_request", 900561, "The endpoint only accepts %s requests. Received a %s request.", want, got)
}

func errUnknownTenant(name string) *oauthError {
	return refusal("invalid_request", 90002, "Tenant '%s' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.", name)
}

func errUnknownApp(client, tenant string) *oauthError {
	return refusal("unauthorized_client", 700016, "Application with identifier '%s' was not found in the directory '%s'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.", client, tenant)
}

func errNeedsCredential() *oauthError {
	e := refusal("invalid_client", 7000218, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.")
	e.status = http.StatusUnauthorized
	return e
}

func errGrantType(grant string) *oauthError {
	return refusal("unsupported_grant_type", 70003, "The app requested an unsupported grant type '%s'.", grant)
}

func errGrantHere() *oauthError {
	return refusal("invalid_request", 9001023, "The grant type is not supported over the /common or /consumers endpoints. Please use the /organizations or tenant-specific endpoint.")
}

func errScope(scope string) *oauthError {
	return refusal("invalid_scope", 70011, "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope %s is not valid.", scope)
}

func errTwoResources() *oauthError {
	return refusal("invalid_scope", 28000, "Provided value for the input parameter scope is not valid because it contains more than one resource.")
}

func errUnknownPermission(app App, scope, resource string) *oauthError {
	return refusal("invalid_client", 650053, "The application '%s' asked for scope '%s' that doesn't exist on the resource '%s'. Contact the app vendor.", app.Name, scope, resource)
}

func errUnknownResource(resource, tenant string) *oauthError {
	return refusal("invalid_resource", 500011, "The resource principal named %s was not found in the tenant named %s. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.", resource, tenant)
}

func errUnknownUser(tenant string) *oauthError {
	return refusal("invalid_grant", 50034, "The user account {EUII Hidden} does not exist in the %s directory. To sign into this application, the account must be added to the directory.", tenant)
}

func errWrongPassword() *oauthError {
	return refusal("invalid_grant", 50126, "Error validating credentials due to invalid username or password.")
}

func errDisabled() *oauthError {
	return refusal("invalid_grant", 50057, "The user account is disabled.")
}

func errMFA(resource string) *oauthError {
	return refusal("invalid_grant", 50076, "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access '%s'.", resource).
		withSuberror("basic_action").withPolicyClaims()
}

func errDevice() *oauthError {
	return refusal("invalid_grant", 53000, "Device is not in required device state: compliant. Conditional Access policy requires a compliant device, and the device is not compliant. The user must enroll their device with an approved MDM provider like Intune.").
		withSuberror("message_only").withPolicyClaims()
}

func errConsent(app App) *oauthError {
	return refusal("invalid_grant", 65001, "The user or administrator has not consented to use the application with ID '%s' named '%s'. Send an interactive authorization request for this user and resource.", app.ID, app.Name).
		withSuberror("consent_required")
}

// errStranger is the answer at sign-in, errStrangerHere that for a session
// which exists elsewhere already.
func errStranger(u User, tenant string, app App) *oauthError { return stranger(50020, u, tenant, app) }

func errStrangerHere(u User, tenant string, app App) *oauthError {
	return stranger(90072, u, tenant, app)
}

func stranger(aadsts int, u User, tenant string, app App) *oauthError {
	provider := "https://sts.windows.net/" + u.Tenant + "/"
	if u.Personal {
		provider = "live.com"
	}
	return refusal("invalid_grant", aadsts, "User account '%s' from identity provider '%s' does not exist in tenant '%s' and cannot access the application '%s'(%s) in that tenant. The account needs to be added as an external user in the tenant first. Sign out and sign in again with a different Azure Active Directory user account.", u.Username, provider, tenant, app.ID, app.Name)
}

func errBadGrant(what string) *oauthError {
	return refusal("invalid_grant", 70000, "Provided grant is invalid or malformed. %s", what)
}

func errCodeExpired() *oauthError {
	return refusal("invalid_grant", 70008, "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.")
}

func errCodeUsed() *oauthError {
	return refusal("invalid_grant", 54005, "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.")
}

func errVerifier() *oauthError {
	return refusal("invalid_grant", 501481, "The Code_Verifier does not match the code_challenge supplied in the authorization request.")
}

func errNoVerifier() *oauthError {
	return refusal("invalid_grant", 50148, "The request must contain the code_verifier for the code_challenge supplied in the authorization request.")
}

func errReplyAddress(got, want string) *oauthError {
	return refusal("invalid_grant", 500112, "The reply address '%s' does not match the reply address '%s' provided when requesting Authorization code.", got, want)
}

func errRefreshExpired(issued time.Time, life time.Duration) *oauthError {
	return refusal("invalid_grant", 700082, "The refresh token has expired due to inactivity. The token was issued on %s and was inactive for %s.", issued.UTC().Format(time.RFC3339), life)
}

func errRevoked(validFrom string) *oauthError {
	return refusal("invalid_grant", 50173, "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password. The TokensValidFrom date (before which tokens are not valid) for this user is '%s'.", validFrom).
		withSuberror("bad_token")
}

func errPending() *oauthError {
	return refusal("authorization_pending", 70016, "OAuth 2.0 device flow error. Authorization is pending. Continue polling.")
}

func errSlowDown() *oauthError {
	return refusal("slow_down", 70016, "OAuth 2.0 device flow error. Authorization is pending. Poll less often.")
}

func errDeclined() *oauthError {
	return refusal("authorization_declined", 65004, "User declined to consent to access the app.")
}

func errDeviceCodeExpired() *oauthError {
	return refusal("expired_token", 70020, "The provided value for the input parameter 'device_code' is not valid. This device code has expired.")
}

func errDeviceCodeUnknown() *oauthError {
	return refusal("bad_verification_code", 70018, "The provided value for the input parameter 'device_code' was not recognized.")
}

func errNotSignedIn() *oauthError {
	return refusal("login_required", 50058, "A silent sign-in request was sent but no user is signed in.")
}
