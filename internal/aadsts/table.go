package aadsts

import flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"

// Next steps that several numbers share.
const (
	signInAgain = "sign in again: {login}"
	useBrowser  = "use the browser flow, which can ask for a second factor: {login_browser}"
	askConsent  = "sign in with the browser or device code flow and consent, or ask an administrator to grant consent to client {client_id}"
	askAdmin    = "ask an administrator of tenant {tenant} which sign-in policy blocked this; the correlation id finds it in the sign-in log"

	// Design section 13: there is no OS broker, so a device's identity can only
	// come from a browser that has it.
	needsDevice = "the policy wants a compliant or managed device, which only an OS broker (WAM, Company Portal) can prove and authlatch has none; " +
		"what remains is the browser flow in a browser that is signed in to this device (such as Edge), or az login or another tool with a broker"
	needsBinding = "the policy wants tokens bound to the device by an OS broker (WAM, Company Portal), which authlatch does not have; " +
		"use a tool with a broker, or ask an administrator to exempt client {client_id}"

	checkTenant   = "check the tenant ({tenant}) and the cloud of profile {profile}"
	checkClient   = "check client_id ({client_id}) and tenant ({tenant}) of profile {profile}"
	allowPublic   = "in the app registration of {client_id} set \"Allow public client flows\" to yes"
	checkScope    = "check the scope: one resource, as RESOURCE/.default or RESOURCE/PERMISSION"
	redirectURI   = "add http://localhost as a redirect URI of platform \"Mobile and desktop applications\" to the app registration of {client_id}"
	useTenant     = "set tenant in profile {profile} to a tenant id or domain"
	wrongAccount  = "sign in with an account of tenant {tenant}, or have {username} invited to it as a guest"
	retryLater    = "try again in a few minutes"
	resetPassword = "change the password at https://aka.ms/sspr or through your administrator, then sign in again"
	reportBug     = "this is a fault in the request: please report it with the correlation id"
)

// table is grouped as Microsoft's page is: by what failed. ACCESS_DENIED is only
// what the person said no to; what a policy or a tenant forbids is a refusal of
// the provider's, INVALID_GRANT.
var table = map[int]Entry{
	// Who the user is, and the password.
	16000:  {flowv1.ReasonInvalidGrant, wrongAccount},
	50014:  {flowv1.ReasonInvalidGrant, wrongAccount},
	50020:  {flowv1.ReasonInvalidGrant, wrongAccount},
	50034:  {flowv1.ReasonInvalidGrant, "check the user name and the tenant ({tenant}): no such account is there"},
	50053:  {flowv1.ReasonInvalidGrant, "the account is locked or the address is blocked after too many attempts: wait, then try once, or reset the password at https://aka.ms/sspr"},
	50055:  {flowv1.ReasonInvalidGrant, resetPassword},
	50056:  {flowv1.ReasonInvalidGrant, "this account has no password in the directory: use the browser flow"},
	50057:  {flowv1.ReasonInvalidGrant, "the account is disabled: ask your administrator"},
	50058:  {flowv1.ReasonInteractionRequired, signInAgain},
	50064:  {flowv1.ReasonInvalidGrant, "check the user name and the password"},
	50126:  {flowv1.ReasonInvalidGrant, "check the user name and the password"},
	50144:  {flowv1.ReasonInvalidGrant, resetPassword},
	51004:  {flowv1.ReasonInvalidGrant, wrongAccount},
	90072:  {flowv1.ReasonInvalidGrant, wrongAccount},
	500208: {flowv1.ReasonInvalidGrant, "this kind of account cannot sign in to tenant {tenant}: use a work or school account"},

	// Tenant and authority.
	50049:   {flowv1.ReasonInvalidRequest, "the authority of profile {profile} is not known to Microsoft: check it, or set disable_instance_discovery for a private cloud"},
	50059:   {flowv1.ReasonInvalidRequest, useTenant},
	50128:   {flowv1.ReasonInvalidRequest, checkTenant},
	50194:   {flowv1.ReasonInvalidRequest, useTenant},
	90002:   {flowv1.ReasonInvalidRequest, checkTenant},
	90019:   {flowv1.ReasonInvalidRequest, useTenant},
	90038:   {flowv1.ReasonInvalidRequest, "the tenant is in another cloud: set cloud in profile {profile}"},
	500021:  {flowv1.ReasonInvalidGrant, "a tenant restriction of this network forbids tenant {tenant}: ask your network's administrator"},
	500022:  {flowv1.ReasonInvalidGrant, "a tenant restriction of this network forbids tenant {tenant}: ask your network's administrator"},
	500212:  {flowv1.ReasonInvalidGrant, "your own tenant forbids access to tenant {tenant}: ask your administrator"},
	500213:  {flowv1.ReasonInvalidGrant, "tenant {tenant} does not let users of your tenant in: ask its administrator"},
	9001023: {flowv1.ReasonInvalidRequest, "set tenant in profile {profile} to organizations or to a tenant id"},
	9002332: {flowv1.ReasonInvalidRequest, "client {client_id} is for work or school accounts: set tenant in profile {profile} to organizations or to a tenant id"},

	// A second factor, or a person.
	50072:  {flowv1.ReasonMFARequired, useBrowser},
	50074:  {flowv1.ReasonMFARequired, useBrowser},
	50076:  {flowv1.ReasonMFARequired, useBrowser},
	50078:  {flowv1.ReasonMFARequired, useBrowser},
	50079:  {flowv1.ReasonMFARequired, useBrowser},
	50158:  {flowv1.ReasonInteractionRequired, useBrowser},
	53004:  {flowv1.ReasonMFARequired, "register for multifactor authentication at https://aka.ms/mfasetup, then sign in again"},
	700020: {flowv1.ReasonInteractionRequired, signInAgain},

	// Conditional access: devices.
	50005:  {flowv1.ReasonDeviceRequired, "the policy does not allow this platform: sign in from a supported one, or ask an administrator; " + needsDevice},
	50097:  {flowv1.ReasonDeviceRequired, needsDevice},
	50129:  {flowv1.ReasonDeviceRequired, needsDevice},
	50155:  {flowv1.ReasonDeviceRequired, needsDevice},
	50187:  {flowv1.ReasonDeviceRequired, needsDevice},
	53000:  {flowv1.ReasonDeviceRequired, needsDevice},
	53001:  {flowv1.ReasonDeviceRequired, needsDevice},
	53002:  {flowv1.ReasonDeviceRequired, "the policy only allows approved apps; sign in with one of them, or ask an administrator to approve client {client_id}"},
	53003:  {flowv1.ReasonDeviceRequired, needsDevice + "; if the policy is about something else (place, risk, the device code flow), an administrator sees it in the sign-in log"},
	530033: {flowv1.ReasonDeviceRequired, "the policy wants a compliant or managed device, which the device code flow can never prove: use the browser flow in a browser that is signed in to this device (such as Edge); authlatch has no OS broker (WAM, Company Portal)"},
	530084: {flowv1.ReasonDeviceRequired, needsBinding},

	// Conditional access and other policies.
	50105:  {flowv1.ReasonInvalidGrant, "ask an administrator to assign {username} to the application"},
	50131:  {flowv1.ReasonInvalidGrant, askAdmin},
	53011:  {flowv1.ReasonInvalidGrant, askAdmin},
	530032: {flowv1.ReasonInvalidGrant, askAdmin},
	530034: {flowv1.ReasonInvalidGrant, askAdmin},
	530035: {flowv1.ReasonInvalidGrant, "security defaults block this way of signing in: use the browser flow"},

	// Consent.
	65001:  {flowv1.ReasonConsentRequired, askConsent},
	65002:  {flowv1.ReasonConsentRequired, "client {client_id} is Microsoft's own and not preauthorized for this resource: set client_id in profile {profile} to an app registration of yours"},
	65004:  {flowv1.ReasonAccessDenied, "sign in again and consent, if you trust the application"},
	65005:  {flowv1.ReasonInvalidClient, "add the resource's permissions to the app registration of {client_id}"},
	90008:  {flowv1.ReasonConsentRequired, askConsent},
	90094:  {flowv1.ReasonConsentRequired, "ask an administrator to grant consent to client {client_id}"},
	90095:  {flowv1.ReasonConsentRequired, "ask an administrator to grant consent to client {client_id}"},
	650052: {flowv1.ReasonInvalidScope, "the organization has no subscription for this service: ask your administrator"},
	650056: {flowv1.ReasonConsentRequired, "add the resource's permissions to the app registration of {client_id}, and consent"},
	650057: {flowv1.ReasonInvalidScope, "add the resource's permissions to the app registration of {client_id}"},

	// Grants that are over.
	50089:  {flowv1.ReasonInvalidGrant, signInAgain},
	50132:  {flowv1.ReasonInvalidGrant, signInAgain},
	50133:  {flowv1.ReasonInvalidGrant, signInAgain},
	50173:  {flowv1.ReasonInvalidGrant, signInAgain},
	54005:  {flowv1.ReasonInvalidGrant, signInAgain},
	70000:  {flowv1.ReasonInvalidGrant, signInAgain},
	70008:  {flowv1.ReasonInvalidGrant, signInAgain},
	70043:  {flowv1.ReasonInvalidGrant, signInAgain},
	70044:  {flowv1.ReasonInvalidGrant, signInAgain},
	501481: {flowv1.ReasonInvalidGrant, signInAgain},
	700005: {flowv1.ReasonInvalidGrant, signInAgain},
	700082: {flowv1.ReasonInvalidGrant, signInAgain},
	700084: {flowv1.ReasonInvalidGrant, signInAgain},

	// Device code.
	70016: {flowv1.ReasonInteractionRequired, "finish the sign-in with the code that was shown"},
	70018: {flowv1.ReasonInvalidGrant, signInAgain},
	70019: {flowv1.ReasonExpiredToken, signInAgain},
	70020: {flowv1.ReasonExpiredToken, signInAgain},

	// The client.
	70001:   {flowv1.ReasonInvalidClient, checkClient},
	70002:   {flowv1.ReasonInvalidClient, allowPublic},
	700011:  {flowv1.ReasonInvalidClient, checkClient},
	700016:  {flowv1.ReasonInvalidClient, checkClient},
	700025:  {flowv1.ReasonInvalidClient, reportBug},
	7000112: {flowv1.ReasonInvalidClient, "client {client_id} is disabled: ask an administrator of tenant {tenant}"},
	7000218: {flowv1.ReasonInvalidClient, allowPublic},

	// The redirect.
	50011:  {flowv1.ReasonInvalidClient, redirectURI},
	500113: {flowv1.ReasonInvalidClient, redirectURI},
	900971: {flowv1.ReasonInvalidClient, redirectURI},
	700054: {flowv1.ReasonInvalidClient, "the app registration of {client_id} does not allow id tokens from the authorization endpoint: enable \"ID tokens\" under Authentication"},

	// Scope and resource.
	28002:  {flowv1.ReasonInvalidScope, checkScope},
	28003:  {flowv1.ReasonInvalidScope, checkScope},
	50001:  {flowv1.ReasonInvalidScope, "check the scope and the tenant ({tenant}): the resource is disabled or not there"},
	70011:  {flowv1.ReasonInvalidScope, checkScope},
	500011: {flowv1.ReasonInvalidScope, "check the scope and the tenant ({tenant}): the resource is not in that tenant"},
	700022: {flowv1.ReasonInvalidScope, "ask for one resource at a time"},
	700023: {flowv1.ReasonInvalidScope, checkScope},

	// The request.
	70003:   {flowv1.ReasonInvalidRequest, reportBug},
	90013:   {flowv1.ReasonInvalidRequest, reportBug},
	90014:   {flowv1.ReasonInvalidRequest, reportBug},
	90023:   {flowv1.ReasonInvalidRequest, reportBug},
	90100:   {flowv1.ReasonInvalidRequest, reportBug},
	900144:  {flowv1.ReasonInvalidRequest, reportBug},
	9002313: {flowv1.ReasonInvalidRequest, reportBug},

	// The service.
	50033: {flowv1.ReasonTemporarilyUnavailable, retryLater},
	50087: {flowv1.ReasonTemporarilyUnavailable, retryLater},
	50196: {flowv1.ReasonTemporarilyUnavailable, "the same request was sent too often: wait a few minutes, and look for a tool that calls authlatch in a loop"},
	80001: {flowv1.ReasonTemporarilyUnavailable, "the organization's own directory cannot be reached: try again later or ask your administrator"},
	80002: {flowv1.ReasonTemporarilyUnavailable, "the organization's own directory did not answer in time: try again later"},
	90006: {flowv1.ReasonTemporarilyUnavailable, retryLater},
	90012: {flowv1.ReasonTemporarilyUnavailable, retryLater},
	90024: {flowv1.ReasonTemporarilyUnavailable, retryLater},
	90033: {flowv1.ReasonTemporarilyUnavailable, retryLater},
	90055: {flowv1.ReasonTemporarilyUnavailable, retryLater},
	90090: {flowv1.ReasonTemporarilyUnavailable, retryLater},
}
