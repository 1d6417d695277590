package host

import flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"

// action is what the host does when a flow fails.
type action int

const (
	end       action = iota // the caller gets the error
	askPerson               // the profile's flows may ask the person
	nextFlow                // the profile's next flow is tried
)

// rule is what a reason means: the row of docs/protocol.md, section 9, which a
// test holds this table to.
type rule struct {
	silent action // in a NEVER call: end or askPerson
	signIn action // in any other: end or nextFlow
	code   ExitCode
	what   string
}

// reasonUnknown stands for all that are not in the table.
const reasonUnknown = ""

// Reasons of OAuth 2.0 and OpenID Connect that other providers' flows pass on.
const (
	reasonLoginRequired            = "LOGIN_REQUIRED"
	reasonAccountSelectionRequired = "ACCOUNT_SELECTION_REQUIRED"
	reasonUnmetRequirements        = "UNMET_AUTHENTICATION_REQUIREMENTS"
	reasonAuthorizationDeclined    = "AUTHORIZATION_DECLINED"
	reasonServerError              = "SERVER_ERROR"
	reasonSlowDown                 = "SLOW_DOWN"
	reasonUnauthorizedClient       = "UNAUTHORIZED_CLIENT"
	reasonUnsupportedGrantType     = "UNSUPPORTED_GRANT_TYPE"
	reasonInvalidTarget            = "INVALID_TARGET"
)

const (
	needsPerson  = "a person has to sign in"
	personSaidNo = "the sign-in was declined"
	providerDown = "the identity provider cannot be reached or is failing"
	badClient    = "the identity provider refused the client"
)

var rules = map[string]rule{
	flowv1.ReasonInteractionRequired:    {askPerson, end, ExitInteraction, needsPerson},
	reasonLoginRequired:                 {askPerson, end, ExitInteraction, needsPerson},
	reasonAccountSelectionRequired:      {askPerson, end, ExitInteraction, needsPerson},
	flowv1.ReasonInvalidGrant:           {askPerson, end, ExitRefused, "the identity provider refused the credentials"},
	flowv1.ReasonConsentRequired:        {askPerson, end, ExitRefused, "nobody has consented to this client and scope"},
	flowv1.ReasonMFARequired:            {askPerson, end, ExitRefused, "the sign-in needs a second factor"},
	reasonUnmetRequirements:             {askPerson, end, ExitRefused, "the sign-in did not meet the provider's requirements"},
	flowv1.ReasonDeviceRequired:         {askPerson, end, ExitRefused, "a policy of the identity provider wants a device that it knows"},
	flowv1.ReasonAccessDenied:           {askPerson, end, ExitDeclined, personSaidNo},
	reasonAuthorizationDeclined:         {askPerson, end, ExitDeclined, personSaidNo},
	flowv1.ReasonExpiredToken:           {askPerson, end, ExitDeclined, "the sign-in was not finished in time"},
	flowv1.ReasonFlowUnavailable:        {askPerson, nextFlow, ExitInteraction, "no way to sign in works here"},
	flowv1.ReasonTemporarilyUnavailable: {end, end, ExitUnavailable, providerDown},
	flowv1.ReasonUntrustedCertificate:   {end, end, ExitUnavailable, "the identity provider cannot be trusted"},
	reasonServerError:                   {end, end, ExitUnavailable, providerDown},
	reasonSlowDown:                      {end, end, ExitUnavailable, "the identity provider wants fewer requests"},
	flowv1.ReasonInvalidClient:          {end, end, ExitRefused, badClient},
	reasonUnauthorizedClient:            {end, end, ExitRefused, badClient},
	reasonUnsupportedGrantType:          {end, end, ExitRefused, "the identity provider does not allow this way to sign in"},
	flowv1.ReasonInvalidScope:           {end, end, ExitRefused, "the identity provider refused the scope"},
	reasonInvalidTarget:                 {end, end, ExitRefused, "the identity provider refused the resource"},
	flowv1.ReasonInvalidRequest:         {end, end, ExitUsage, "the request cannot be served"},
	reasonUnknown:                       {end, end, ExitOther, "the sign-in failed"},
}

// ofRequest are the reasons for which a request is refused, and not the person.
var ofRequest = []string{flowv1.ReasonInvalidScope, reasonInvalidTarget, flowv1.ReasonConsentRequired, flowv1.ReasonInvalidRequest}

// userDeclinedConsent is AADSTS65004, with which ACCESS_DENIED is the person's
// own no. Any other number makes it the provider's.
const userDeclinedConsent = 65004

// ruleOf finds the rule for a reason.
func ruleOf(reason string, aadsts int) rule {
	r, ok := rules[reason]
	if !ok {
		return rules[reasonUnknown]
	}
	if reason == flowv1.ReasonAccessDenied && aadsts != 0 && aadsts != userDeclinedConsent {
		r.code, r.what = ExitRefused, "the identity provider denied access"
	}
	return r
}
