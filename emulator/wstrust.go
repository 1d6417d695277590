package emulator

import (
	"encoding/base64"
	"encoding/xml"
	"net/http"
	"strings"
	"text/template"
	"time"
)

// samlAssertion is what a federated user's own identity provider vouched for.
type samlAssertion struct {
	username string
	expires  time.Time
}

// assertionLife is AD FS's default.
const assertionLife = time.Hour

// audienceURN is the relying party that stands for Entra ID.
const audienceURN = "urn:federation:MicrosoftOnline"

// adfs plays the federated users' own identity provider: its metadata exchange
// document and its WS-Trust 1.3 username endpoint.
func (x *exchange) adfs() {
	switch x.to.rest {
	case "services/trust/mex":
		if !x.get() {
			return
		}
		x.xml(http.StatusOK, mexTemplate, x.base()+"/adfs/services/trust/13/usernamemixed")
	case "services/trust/13/usernamemixed":
		x.issueAssertion()
	default:
		x.notFound()
	}
}

func (x *exchange) xml(status int, t *template.Template, data any) {
	kind := "application/soap+xml; charset=utf-8"
	if t == mexTemplate {
		kind = "text/xml; charset=utf-8"
	}
	x.w.Header().Set("Content-Type", kind)
	x.w.WriteHeader(status)
	_ = t.Execute(x.w, data) // only the client's absence makes it fail
}

// issueAssertion answers a RequestSecurityToken.
func (x *exchange) issueAssertion() {
	var request struct {
		Username string `xml:"Header>Security>UsernameToken>Username"`
		Password string `xml:"Header>Security>UsernameToken>Password"`
		Audience string `xml:"Body>RequestSecurityToken>AppliesTo>EndpointReference>Address"`
	}
	if x.r.Method != http.MethodPost || xml.NewDecoder(x.r.Body).Decode(&request) != nil {
		x.fault("s:Sender", "a:InvalidRequest", "The request is not a RequestSecurityToken.")
		return
	}
	if request.Audience != audienceURN {
		x.fault("s:Sender", "a:InvalidScope", "MSIS3020: The relying party trust with identifier is not known.")
		return
	}
	x.s.mu.Lock()
	m, err := x.s.member(request.Username)
	good := err == nil && m.Federated && m.passwordIs(request.Password)
	id, now := "_"+newGUID(), x.s.now()
	if good {
		sweep(x.s.saml, func(a samlAssertion) bool { return now.After(a.expires) })
		x.s.saml[id] = samlAssertion{username: m.Username, expires: now.Add(assertionLife)}
	}
	x.s.mu.Unlock()
	if !good {
		x.fault("s:Sender", "a:FailedAuthentication", "ID3242: The security token could not be authenticated or authorized.")
		return
	}
	x.xml(http.StatusOK, assertionTemplate, map[string]string{
		"ID": id, "User": request.Username, "Issuer": x.base() + "/adfs/services/trust", "Audience": audienceURN,
		"Now": now.UTC().Format(time.RFC3339), "Until": now.Add(assertionLife).UTC().Format(time.RFC3339),
	})
}

func (x *exchange) fault(code, subcode, text string) {
	x.xml(http.StatusInternalServerError, faultTemplate, map[string]string{"Code": code, "Subcode": subcode, "Text": text})
}

// redeemSAML is the SAML bearer grant (RFC 7522) that follows WS-Trust.
func (x *exchange) redeemSAML(app App, t tenant) (*grant, *oauthError) {
	for _, name := range []string{"assertion", "scope"} {
		if x.param(name) == "" {
			return nil, errMissing(name)
		}
	}
	// MSAL for Go encodes with padding and the standard alphabet, others as
	// RFC 7522 has it; Entra takes both.
	raw := strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(x.param("assertion"))
	decoded, err := base64.RawURLEncoding.DecodeString(raw)
	var assertion struct {
		ID string `xml:"AssertionID,attr"`
	}
	if err != nil || xml.Unmarshal(decoded, &assertion) != nil {
		return nil, errBadGrant("The assertion is not SAML.")
	}
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	// Nothing but the id is believed: what the emulator said under it, it kept.
	known, ok := x.s.saml[assertion.ID]
	if !ok || !x.s.now().Before(known.expires) {
		return nil, refusal("invalid_grant", 50008, "SAML token is invalid.")
	}
	m, err := x.s.member(known.username)
	if err != nil {
		return nil, errUnknownUser(t.asPath())
	}
	return x.noninteractive("saml", m, app, t)
}

func soap(name, text string) *template.Template {
	return template.Must(template.New(name).Funcs(template.FuncMap{"x": escapeXML}).Parse(text))
}

func escapeXML(s string) string {
	var out strings.Builder
	_ = xml.EscapeText(&out, []byte(s)) // a Builder never fails
	return out.String()
}

var mexTemplate = soap("mex", `<?xml version="1.0" encoding="utf-8"?>
<wsdl:definitions name="SecurityTokenService" targetNamespace="http://schemas.microsoft.com/ws/2008/06/identity/securitytokenservice" xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:wsu="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd" xmlns:wsp="http://schemas.xmlsoap.org/ws/2004/09/policy" xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/" xmlns:wsa10="http://www.w3.org/2005/08/addressing" xmlns:tns="http://schemas.microsoft.com/ws/2008/06/identity/securitytokenservice" xmlns:trust="http://docs.oasis-open.org/ws-sx/ws-trust/200512">
<wsp:Policy wsu:Id="UserNameWSTrustBinding_IWSTrust13Async_policy"><wsp:ExactlyOne><wsp:All>
<sp:TransportBinding xmlns:sp="http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702"><wsp:Policy><sp:TransportToken><wsp:Policy><sp:HttpsToken/></wsp:Policy></sp:TransportToken></wsp:Policy></sp:TransportBinding>
<sp:SignedEncryptedSupportingTokens xmlns:sp="http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702"><wsp:Policy><sp:UsernameToken sp:IncludeToken="http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702/IncludeToken/AlwaysToRecipient"><wsp:Policy><sp:WssUsernameToken10/></wsp:Policy></sp:UsernameToken></wsp:Policy></sp:SignedEncryptedSupportingTokens>
</wsp:All></wsp:ExactlyOne></wsp:Policy>
<wsdl:portType name="IWSTrust13Async"><wsdl:operation name="Trust13IssueAsync"/></wsdl:portType>
<wsdl:binding name="UserNameWSTrustBinding_IWSTrust13Async" type="tns:IWSTrust13Async">
<wsp:PolicyReference URI="#UserNameWSTrustBinding_IWSTrust13Async_policy"/>
<soap12:binding transport="http://schemas.xmlsoap.org/soap/http"/>
<wsdl:operation name="Trust13IssueAsync"><soap12:operation soapAction="http://docs.oasis-open.org/ws-sx/ws-trust/200512/RST/Issue" style="document"/><wsdl:input><soap12:body use="literal"/></wsdl:input><wsdl:output><soap12:body use="literal"/></wsdl:output></wsdl:operation>
</wsdl:binding>
<wsdl:service name="SecurityTokenService"><wsdl:port name="UserNameWSTrustBinding_IWSTrust13Async" binding="tns:UserNameWSTrustBinding_IWSTrust13Async">
<soap12:address location="{{x .}}"/><wsa10:EndpointReference><wsa10:Address>{{x .}}</wsa10:Address></wsa10:EndpointReference>
</wsdl:port></wsdl:service>
</wsdl:definitions>
`)

var assertionTemplate = soap("assertion", `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing"><s:Header><a:Action s:mustUnderstand="1">http://docs.oasis-open.org/ws-sx/ws-trust/200512/RSTRC/IssueFinal</a:Action></s:Header><s:Body><trust:RequestSecurityTokenResponseCollection xmlns:trust="http://docs.oasis-open.org/ws-sx/ws-trust/200512"><trust:RequestSecurityTokenResponse><trust:RequestedSecurityToken><saml:Assertion MajorVersion="1" MinorVersion="1" AssertionID="{{x .ID}}" Issuer="{{x .Issuer}}" IssueInstant="{{.Now}}" xmlns:saml="urn:oasis:names:tc:SAML:1.0:assertion"><saml:Conditions NotBefore="{{.Now}}" NotOnOrAfter="{{.Until}}"><saml:AudienceRestrictionCondition><saml:Audience>{{x .Audience}}</saml:Audience></saml:AudienceRestrictionCondition></saml:Conditions><saml:AttributeStatement><saml:Subject><saml:NameIdentifier>{{x .User}}</saml:NameIdentifier></saml:Subject></saml:AttributeStatement></saml:Assertion></trust:RequestedSecurityToken><trust:TokenType>urn:oasis:names:tc:SAML:1.0:assertion</trust:TokenType><trust:RequestType>http://docs.oasis-open.org/ws-sx/ws-trust/200512/Issue</trust:RequestType><trust:KeyType>http://docs.oasis-open.org/ws-sx/ws-trust/200512/Bearer</trust:KeyType></trust:RequestSecurityTokenResponse></trust:RequestSecurityTokenResponseCollection></s:Body></s:Envelope>
`)

var faultTemplate = soap("fault", `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://docs.oasis-open.org/ws-sx/ws-trust/200512"><s:Body><s:Fault><s:Code><s:Value>{{.Code}}</s:Value><s:Subcode><s:Value>{{.Subcode}}</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en-US">{{x .Text}}</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>
`)
