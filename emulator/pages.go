package emulator

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
	"strings"
)

// page is one HTML page: a text, perhaps a form.
type page struct {
	Title   string
	Lead    string
	Warning string
	Alert   string // what was wrong with the last input
	Details []string

	Action  string // where the form goes; no form if empty
	Hidden  []field
	Fields  []field
	Buttons []button
	// Submit sends the form without waiting for the person, if scripts run.
	Submit bool
	// Outcome is for scripted persons: done, declined, error or "".
	Outcome string

	Status int // 200 if zero
	// Origin is where else the page's form may lead, for the CSP.
	Origin string
	Nonce  string
}

type field struct {
	Name, Label, Type, Value, Autocomplete string
}

type button struct {
	Name, Value, Label string
	Primary            bool
}

//go:embed page.html
var pageSource string

var pageTemplate = template.Must(template.New("page").Parse(pageSource))

func lower(s string) string { return strings.ToLower(s) }

// show sends a page. Nothing on it comes from elsewhere, nothing may frame it.
func (x *exchange) show(p *page) {
	p.Nonce = opaque("")
	policy := []string{
		"default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'",
		"style-src 'nonce-" + p.Nonce + "'",
	}
	if p.Submit {
		policy = append(policy, "script-src 'nonce-"+p.Nonce+"'")
	}
	policy = append(policy, strings.TrimSpace("form-action 'self' "+p.Origin))
	var body bytes.Buffer
	if err := pageTemplate.Execute(&body, p); err != nil {
		http.Error(x.w, "the page could not be made", http.StatusInternalServerError)
		return
	}
	h := x.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", strings.Join(policy, "; "))
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Frame-Options", "DENY")
	if p.Status == 0 {
		p.Status = http.StatusOK
	}
	x.w.WriteHeader(p.Status)
	_, _ = x.w.Write(body.Bytes())
}

// message shows a page without a form.
func (x *exchange) message(status int, title, lead string) {
	p := endPage("", title, lead)
	p.Status = status
	if status >= 400 {
		p.Outcome = "error"
	}
	x.show(p)
}

func endPage(outcome, title, lead string) *page {
	return &page{Title: title, Lead: lead, Outcome: outcome}
}

// refusePage shows a person an error that no client can be told.
func (x *exchange) refusePage(e *oauthError) {
	x.failed(e)
	x.show(&page{
		Title: "Sorry, but we're having trouble signing you in", Lead: "AADSTS" + itoa(e.aadsts) + ": " + e.text,
		Details: x.details(), Outcome: "error", Status: http.StatusBadRequest,
	})
}

func (x *exchange) details() []string {
	return []string{"Request Id: " + x.traceID, "Correlation Id: " + x.correlationID, "Timestamp: " + x.stamp()}
}

// formPost is OAuth 2.0 Form Post Response Mode: it works with scripts and without.
func (x *exchange) formPost(redirect string, answer url.Values) {
	p := &page{Title: "Back to the application", Lead: "Continue to return to the application.", Action: redirect, Submit: true, Origin: origin(redirect)}
	for _, name := range []string{"code", "state", "session_state", "error", "error_description", "error_uri", "error_subcode", "claims"} {
		if value := answer.Get(name); value != "" {
			p.Hidden = append(p.Hidden, field{Name: name, Value: value})
		}
	}
	p.Buttons = []button{{"", "", "Continue", true}}
	x.show(p)
}

// origin is the CSP source of a redirect URI. Browsers hold a form's redirects
// against form-action too, so every page of a flow needs it.
func origin(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" || strings.ContainsAny(u.Host, ";, '\"") {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// pageOf is the page of a flow's step. Call it with mu held.
func (x *exchange) pageOf(f *flow, alert string) *page {
	app := f.req.app.Name
	p := &page{Action: "/signin", Alert: alert, Origin: origin(f.req.redirect), Hidden: []field{{Name: "flow", Value: f.id}, {Name: "csrf", Value: f.csrf}}}
	cancel := button{"action", "cancel", "Cancel", false}
	switch f.step {
	case stepAccount:
		p.Title, p.Lead = "Sign in", "to continue to "+app
		p.Fields = []field{{Name: "username", Label: "Username (name@domain)", Type: "text", Value: f.username, Autocomplete: "username"}}
		p.Buttons = []button{{"action", "next", "Next", true}}
		for _, a := range f.browser.accounts {
			p.Buttons = append(p.Buttons, button{"pick", a.username, "Use " + a.username + " (signed in)", false})
		}
		p.Buttons = append(p.Buttons, cancel)
	case stepPassword:
		p.Title, p.Lead = "Enter password", "for "+f.username
		p.Fields = []field{{Name: "password", Label: "Password", Type: "password", Autocomplete: "current-password"}}
		p.Buttons = []button{{"action", "next", "Sign in", true}, {"action", "back", "Use another account", false}, cancel}
	case stepMFA:
		p.Title, p.Lead = "Approve sign-in request", "Here Entra ID would ask "+f.username+" for a second factor. The emulator takes your word for it."
		p.Buttons = []button{{"action", "approve", "Approve", true}, cancel}
	case stepConsent:
		p.Title, p.Lead = "Permissions requested", app+" would like to:"
		for _, perm := range f.req.scopes.perms {
			p.Details = append(p.Details, "access "+f.req.scopes.resource+" as "+f.username+" ("+perm+")")
		}
		p.Buttons = []button{{"action", "accept", "Accept", true}, cancel}
	case stepConfirm:
		p.Title, p.Lead = "Are you trying to sign in to "+app+"?", "A device or program that shows the code "+f.device.userCode+" will be signed in as "+f.username+"."
		p.Warning = "Only continue if you started this sign-in yourself."
		p.Buttons = []button{{"action", "continue", "Continue", true}, cancel}
	case stepBlocked:
		p.Title, p.Lead = "You can't get there from here", "AADSTS"+itoa(f.blocked.aadsts)+": "+f.blocked.text
		p.Details, p.Outcome = x.details(), "error"
		p.Buttons = []button{{"action", "cancel", "Return to the application", true}}
	}
	return p
}

// index tells a person who opened the address what this is.
func (x *exchange) index() {
	x.show(&page{
		Title: "Entra ID emulator", Lead: "This server imitates Microsoft Entra ID for demos and tests.",
		Details: []string{
			"Authority: " + x.base() + "/organizations",
			"Enter a device code: " + x.base() + "/device",
			"Counters: " + x.base() + "/_emulator/counters",
			"Protected resources: " + x.base() + "/k8s, /arm, /v2, /git",
		},
	})
}

// errorPage is where error_uri leads.
func (x *exchange) errorPage() {
	x.message(http.StatusOK, "Error AADSTS"+onlyDigits(x.r.URL.Query().Get("code")), "Microsoft's documentation of the sign-in service's error codes says what it means.")
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
