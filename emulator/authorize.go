package emulator

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// authRequest is an authorization request that was found to be in order.
type authRequest struct {
	app       App
	tenant    tenant
	redirect  string
	mode      string // query, fragment, form_post
	state     string
	scopes    scopeSet
	claims    requestedClaims
	challenge string
	method    string
	nonce     string
	prompt    string
	loginHint string
}

// authorize is the authorization endpoint (RFC 6749 section 4.1.1).
func (x *exchange) authorize() {
	params := x.r.URL.Query()
	switch x.r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodPost: // OpenID Connect Core section 3.1.2.1
		params = x.form
	default:
		x.refusePage(errMethod("GET, POST", x.r.Method))
		return
	}
	req, refused := x.redirectTarget(params)
	if refused != nil {
		// Nobody to redirect to: the person is told.
		x.refusePage(refused)
		return
	}
	if refused := x.readAuthRequest(req, params); refused != nil {
		x.redirectError(req, refused)
		return
	}
	x.beginSignIn(req)
}

// redirectTarget checks what must be right before anything may be sent to the
// redirect URI.
func (x *exchange) redirectTarget(params url.Values) (*authRequest, *oauthError) {
	t, refused := x.s.tenantNamed(x.to.tenant)
	if refused != nil {
		return nil, refused
	}
	if refused := duplicate(params); refused != nil {
		return nil, refused
	}
	for _, name := range []string{"client_id", "redirect_uri"} {
		if params.Get(name) == "" {
			return nil, errMissing(name)
		}
	}
	app, ok := x.s.apps[strings.ToLower(params.Get("client_id"))]
	if !ok {
		return nil, errUnknownApp(params.Get("client_id"), x.to.tenant)
	}
	redirect := params.Get("redirect_uri")
	if !app.allows(redirect) {
		return nil, refusal("invalid_request", 50011, "The redirect URI '%s' specified in the request does not match the redirect URIs configured for the application '%s'. Make sure the redirect URI sent in the request matches one added to your application in the Azure portal.", redirect, app.ID)
	}
	mode := params.Get("response_mode")
	if mode == "" {
		mode = "query"
	}
	if !slices.Contains([]string{"query", "fragment", "form_post"}, mode) {
		return nil, errMalformed("unknown response_mode")
	}
	return &authRequest{app: app, tenant: t, redirect: redirect, mode: mode, state: params.Get("state")}, nil
}

func (x *exchange) readAuthRequest(req *authRequest, params url.Values) *oauthError {
	for _, name := range []string{"response_type", "scope"} {
		if params.Get(name) == "" {
			return errMissing(name)
		}
	}
	if kind := params.Get("response_type"); kind != "code" {
		return refusal("unsupported_response_type", 700054, "response_type '%s' is not enabled for the application.", kind)
	}
	req.prompt = params.Get("prompt")
	if !slices.Contains([]string{"", "none", "login", "select_account", "consent", "create"}, req.prompt) {
		return refusal("invalid_request", 90023, "Invalid STS request: unsupported 'prompt' value '%s'.", req.prompt)
	}
	req.challenge, req.method = params.Get("code_challenge"), params.Get("code_challenge_method")
	if req.challenge != "" && !validVerifier(req.challenge) {
		return refusal("invalid_request", 501491, "Invalid size of Code_Challenge parameter.")
	}
	switch {
	case req.challenge == "" && req.method != "":
		return errMissing("code_challenge")
	case req.challenge != "" && req.method == "":
		req.method = "plain" // RFC 7636 section 4.3
	case req.method != "" && req.method != "plain" && req.method != "S256":
		return errMalformed("unknown code_challenge_method")
	}
	var refused *oauthError
	if req.scopes, refused = x.s.parseScopes(params.Get("scope"), req.app, req.tenant.asPath()); refused != nil {
		return refused
	}
	if req.claims, refused = parseClaims(params.Get("claims")); refused != nil {
		return refused
	}
	req.nonce, req.loginHint = params.Get("nonce"), params.Get("login_hint")
	return nil
}

// redirectError tells the client what was refused (RFC 6749 section 4.1.2.1).
func (x *exchange) redirectError(req *authRequest, e *oauthError) {
	x.failed(e)
	answer := url.Values{
		"error":             {e.oauth},
		"error_description": {x.description(e)},
		"error_uri":         {x.base() + "/error?code=" + itoa(e.aadsts)},
	}
	if e.suberror != "" {
		answer.Set("error_subcode", e.suberror)
	}
	if e.claims != "" {
		answer.Set("claims", e.claims)
	}
	x.sendBack(req, answer)
}

// sendBack carries an authorization response to the redirect URI.
func (x *exchange) sendBack(req *authRequest, answer url.Values) {
	if req.state != "" {
		answer.Set("state", req.state)
	}
	if req.mode == "form_post" {
		x.formPost(req.redirect, answer)
		return
	}
	target, err := url.Parse(req.redirect)
	if err != nil { // App.allows parsed it before
		x.refusePage(errMalformed("redirect_uri"))
		return
	}
	if req.mode == "fragment" {
		x.w.Header().Set("Location", target.String()+"#"+answer.Encode())
	} else {
		query := target.Query()
		for name, values := range answer {
			query[name] = values
		}
		target.RawQuery = query.Encode()
		x.w.Header().Set("Location", target.String())
	}
	x.w.Header().Set("Referrer-Policy", "no-referrer")
	x.w.WriteHeader(http.StatusSeeOther)
}
