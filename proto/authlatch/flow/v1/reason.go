package flowv1

// ErrorDomain is the domain of the google.rpc.ErrorInfo that every failed
// GetToken carries. A status without it is the plugin's own failure.
const ErrorDomain = "authlatch.flow.v1"

// Reasons of ErrorInfo: the OAuth 2.0 or OpenID Connect error code in upper
// snake case. The set is open; docs/protocol.md says what a host does with each
// and with those that it does not know.
const (
	// ReasonInteractionRequired: a person is needed and may not be asked.
	ReasonInteractionRequired = "INTERACTION_REQUIRED"
	// ReasonAccessDenied: the person, or the provider on their behalf, said no.
	ReasonAccessDenied = "ACCESS_DENIED"
	// ReasonExpiredToken: the person did not finish in time (RFC 8628 section 3.5).
	ReasonExpiredToken = "EXPIRED_TOKEN"
	// ReasonInvalidGrant: the credentials or the refresh token were refused.
	ReasonInvalidGrant = "INVALID_GRANT"
	// ReasonConsentRequired: nobody has consented to this client and scope.
	ReasonConsentRequired = "CONSENT_REQUIRED"
	// ReasonMFARequired: a second factor is needed, which this flow cannot ask.
	ReasonMFARequired = "MFA_REQUIRED"
	// ReasonDeviceRequired: policy wants a compliant, managed or joined device.
	ReasonDeviceRequired = "DEVICE_REQUIRED"
	// ReasonTemporarilyUnavailable: the provider is unreachable or failing.
	ReasonTemporarilyUnavailable = "TEMPORARILY_UNAVAILABLE"
	// ReasonUntrustedCertificate: the provider's certificate cannot be verified,
	// which time does not cure.
	ReasonUntrustedCertificate = "UNTRUSTED_CERTIFICATE"
	// ReasonInvalidClient: the client is unknown, disabled or not a public one.
	ReasonInvalidClient = "INVALID_CLIENT"
	// ReasonInvalidScope: the scope or resource is malformed or unknown.
	ReasonInvalidScope = "INVALID_SCOPE"
	// ReasonInvalidRequest: an option or field of start that cannot be served.
	ReasonInvalidRequest = "INVALID_REQUEST"
	// ReasonFlowUnavailable: this way cannot work here; the host tries the next.
	ReasonFlowUnavailable = "FLOW_UNAVAILABLE"
)

// Keys of ErrorInfo's metadata.
const (
	// MetadataAADSTS: Entra ID's error number in decimal, without the prefix.
	MetadataAADSTS = "aadsts"
	// MetadataSuberror: the provider's suberror, such as "basic_action".
	MetadataSuberror = "suberror"
	// MetadataClaims: the claims request (JSON) that a new sign-in has to carry.
	MetadataClaims = "claims"
	// MetadataCorrelationID and MetadataTraceID: what the provider's support asks for.
	MetadataCorrelationID = "correlation_id"
	MetadataTraceID       = "trace_id"
	// MetadataRetryAfter: seconds to wait before the next try, in decimal.
	MetadataRetryAfter = "retry_after"
)

// Features of DescribeResponse that hosts know.
const (
	// FeatureEntra: the flow signs in at Microsoft Entra ID.
	FeatureEntra = "entra"
	// FeatureSilentWithoutAccount: NEVER can succeed with no state and no account.
	FeatureSilentWithoutAccount = "silent_without_account"
	// FeaturePoP: the flow can ask for tokens of type "pop".
	FeaturePoP = "pop"
	// FeatureIDToken: the flow can answer with an ID token.
	FeatureIDToken = "id_token"
)

// Limits that both ends hold the other to, in bytes.
const (
	// MaxMessageSize bounds one gRPC message: the largest state four times over.
	MaxMessageSize = 4 << 20
	// MaxStateSize bounds the state in start and token.
	MaxStateSize = 1 << 20
)

// Options whose names mean the same in every flow. On Linux a flow can listen on
// a fixed port of TCP only if one of them names it.
const (
	// OptionRedirectPort is the port of a redirect URI on http://localhost.
	OptionRedirectPort = "redirect_port"
	// OptionRedirectURI is a loopback redirect URI; its port counts if it has one.
	OptionRedirectURI = "redirect_uri"
)
