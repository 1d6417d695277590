package emulator

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// flow is one person's way through the sign-in pages, for an authorization
// request or for a device code. Guarded by Server.mu.
type flow struct {
	id, csrf string
	browser  *browserSession
	req      *authRequest // of a device flow only app, tenant and scopes are set
	device   *device      // nil unless the person entered a user code

	step      step
	username  string
	amr       []string
	auth      time.Time
	began     int64 // when the account signed in, among revocations
	consented bool
	confirmed bool
	blocked   *oauthError
	expires   time.Time
}

type step string

const (
	stepAccount  step = "account"
	stepPassword step = "password"
	stepMFA      step = "mfa"
	stepConsent  step = "consent"
	stepConfirm  step = "confirm" // of a device code
	stepBlocked  step = "blocked"
	stepDone     step = "done"
)

// flowLife is how long a page may lie open: as long as a device code.
const flowLife = 15 * time.Minute

// outcome is what an exchange with the person leads to, found under the lock
// and sent without it.
type outcome struct {
	page   *page
	back   *authRequest // with answer or refused
	answer url.Values
	refuse *oauthError
}

func (x *exchange) send(o outcome) {
	switch {
	case o.page != nil:
		x.show(o.page)
	case o.refuse != nil:
		x.redirectError(o.back, o.refuse)
	default:
		x.sendBack(o.back, o.answer)
	}
}

// beginSignIn answers an authorization request: at once where the browser is
// signed in and the prompt allows it, else with the first page.
func (x *exchange) beginSignIn(req *authRequest) {
	x.s.mu.Lock()
	b := x.browser()
	f := x.s.newFlow(b, req, nil)
	o := x.first(f)
	if f.step != stepDone && o.page != nil {
		x.s.counters.Prompts++
	}
	x.s.mu.Unlock()
	x.send(o)
}

func (s *Server) newFlow(b *browserSession, req *authRequest, d *device) *flow {
	now := s.now()
	sweep(s.flows, func(f *flow) bool { return now.After(f.expires) })
	f := &flow{id: opaque(""), csrf: opaque(""), browser: b, req: req, device: d, step: stepAccount, expires: now.Add(flowLife)}
	s.flows[f.id] = f
	return f
}

// first chooses the first page by prompt, login_hint and who is signed in.
func (x *exchange) first(f *flow) outcome {
	req, b := f.req, f.browser
	session, ok := b.find(req.loginHint)
	if req.loginHint == "" && len(b.accounts) == 1 {
		session, ok = b.accounts[0], true
	}
	switch {
	case req.prompt == "none":
		delete(x.s.flows, f.id)
		if !ok {
			return outcome{back: req, refuse: errNotSignedIn()}
		}
		f.use(session)
		o := x.next(f)
		if o.page != nil {
			return outcome{back: req, refuse: interactionRequired(f, req.app)}
		}
		return o
	case ok && (req.prompt == "" || req.prompt == "consent"):
		f.use(session)
		return x.next(f)
	case req.loginHint != "" && req.prompt != "select_account" && x.s.users[lower(req.loginHint)] != nil:
		f.username, f.step = req.loginHint, stepPassword
	default:
		f.username = req.loginHint
	}
	return outcome{page: x.pageOf(f, "")}
}

// interactionRequired is what prompt=none says where a page would be needed.
func interactionRequired(f *flow, app App) *oauthError {
	switch {
	case f.blocked != nil:
		return f.blocked
	case f.step == stepConsent:
		e := errConsent(app)
		e.oauth = "consent_required"
		return e
	default:
		e := errMFA(f.req.scopes.resource)
		e.oauth = "interaction_required"
		return e
	}
}

func (f *flow) use(a signedIn) {
	f.username, f.amr, f.auth, f.began = a.username, a.amr, a.auth, a.began
}

// signinPost takes every form of the sign-in pages.
func (x *exchange) signinPost() {
	if x.r.Method != http.MethodPost {
		x.message(http.StatusMethodNotAllowed, "Start again", "A sign-in begins in the application that wants it.")
		return
	}
	x.s.mu.Lock()
	f := x.s.flows[x.param("flow")]
	// The form must come from the page that this browser was shown.
	if f == nil || !x.s.now().Before(f.expires) || x.knownBrowser() != f.browser ||
		subtle.ConstantTimeCompare([]byte(f.csrf), []byte(x.param("csrf"))) != 1 {
		x.s.mu.Unlock()
		x.message(http.StatusBadRequest, "This sign-in has ended", "It took too long, was finished already or began in another browser. Go back to the application and start again.")
		return
	}
	o := x.advance(f)
	x.s.mu.Unlock()
	x.send(o)
}

// advance is the state machine of a flow: what the person did at its step.
func (x *exchange) advance(f *flow) outcome {
	action := x.param("action")
	if action == "cancel" {
		return x.cancel(f)
	}
	switch f.step {
	case stepAccount:
		if pick := x.param("pick"); pick != "" {
			if session, ok := f.browser.find(pick); ok {
				f.use(session)
				return x.next(f)
			}
		}
		f.username = x.param("username")
		if x.s.users[lower(f.username)] == nil {
			return outcome{page: x.pageOf(f, "We couldn't find an account with that username.")}
		}
		f.step = stepPassword
	case stepPassword:
		if action == "back" {
			f.step = stepAccount
			break
		}
		m, err := x.s.member(f.username)
		switch {
		case err != nil:
			f.step = stepAccount
		case !m.passwordIs(x.param("password")):
			return outcome{page: x.pageOf(f, "Your account or password is incorrect. (AADSTS50126)")}
		case m.Disabled:
			return outcome{page: x.pageOf(f, "Your account has been locked. Contact your support person. (AADSTS50057)")}
		default:
			f.amr, f.auth, f.began = []string{"pwd"}, x.s.now(), x.s.next()
			return x.next(f)
		}
	case stepMFA:
		f.amr = append(slices.Clone(f.amr), "mfa")
		return x.next(f)
	case stepConsent:
		f.consented = true
		return x.next(f)
	case stepConfirm:
		f.confirmed = true
		return x.next(f)
	}
	return outcome{page: x.pageOf(f, "")}
}

// next asks for the next thing that is still missing for f's user, or finishes.
func (x *exchange) next(f *flow) outcome {
	m, err := x.s.member(f.username)
	if err != nil || f.began <= m.revokedAt || m.Disabled {
		f.browser.forget(f.username)
		f.step, f.amr = stepPassword, nil
		return outcome{page: x.pageOf(f, "")}
	}
	resolved, refused := f.req.tenant.admit(m.User, f.req.app, errStranger)
	if refused == nil && m.DeviceRequired {
		refused = errDevice()
		if f.device != nil {
			f.device.refused = errDevice() // its own: the page's is reworded below
		}
	}
	switch {
	case refused != nil:
		refused.oauth = "interaction_required"
		if refused.aadsts != 53000 {
			refused.oauth = "access_denied"
		}
		f.step, f.blocked = stepBlocked, refused
	case m.MFARequired && !slices.Contains(f.amr, "mfa"):
		f.step = stepMFA
	case !f.consented && (m.needsConsent(f.req.app) || f.req.prompt == "consent"):
		f.step = stepConsent
	case f.device != nil && !f.confirmed:
		f.step = stepConfirm
	default:
		return x.finish(f, m, resolved)
	}
	return outcome{page: x.pageOf(f, "")}
}
