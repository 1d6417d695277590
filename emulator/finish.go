package emulator

import (
	"net/url"
	"time"
)

// finish ends a flow well: an authorization code, or the device's approval.
func (x *exchange) finish(f *flow, m *member, tenant string) outcome {
	f.step = stepDone
	delete(x.s.flows, f.id)
	if f.consented {
		m.consents[f.req.app.ID] = true
	}
	f.browser.remember(signedIn{username: m.Username, amr: f.amr, auth: f.auth, began: f.began})
	if f.req.prompt != "none" {
		x.s.counters.SignIns++
	}
	if f.device != nil {
		f.device.approval = &approval{username: m.Username, amr: f.amr, auth: f.auth, began: f.began}
		return outcome{page: endPage("done", "You have signed in", "You have signed in to "+f.req.app.Name+" on your device. You may now close this window.")}
	}
	now := x.s.now()
	// A day after its end a code's reuse need not be told from an unknown code.
	sweep(x.s.codes, func(c *authCode) bool { return now.Sub(c.expires) > 24*time.Hour })
	code := opaque("1.emulator.")
	x.s.codes[code] = &authCode{
		username: m.Username, tenant: tenant, client: f.req.app.ID, redirect: f.req.redirect,
		challenge: f.req.challenge, method: f.req.method, scopes: f.req.scopes, claims: f.req.claims, nonce: f.req.nonce,
		amr: f.amr, auth: f.auth, expires: now.Add(x.s.opts.CodeLifetime), began: f.began,
	}
	return outcome{back: f.req, answer: url.Values{"code": {code}, "session_state": {newGUID()}}}
}

// cancel ends a flow because the person wanted it, or because a block left
// nothing else to do.
func (x *exchange) cancel(f *flow) outcome {
	delete(x.s.flows, f.id)
	x.s.counters.Cancelled++
	if f.device != nil {
		if f.device.refused == nil {
			f.device.refused = errDeclined()
		}
		return outcome{page: endPage("declined", "You declined", "The device was not signed in. You may now close this window.")}
	}
	if f.blocked != nil {
		return outcome{back: f.req, refuse: f.blocked}
	}
	declined := refusal("access_denied", 65004, "User declined to consent to access the app.").withSuberror("cancel")
	return outcome{back: f.req, refuse: declined}
}
