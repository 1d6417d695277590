package entra

import (
	"net/url"
	"time"
)

// pollPlan is the pace of a device code sign-in (RFC 8628).
type pollPlan struct {
	endpoint *url.URL // where to ask for a code; nil if the provider has none
	interval time.Duration
	end      time.Time
}

const (
	// slowDown is what RFC 8628 section 3.5 adds to the interval.
	slowDown = 5 * time.Second
	// maxPause bounds the back-off after failed polls.
	maxPause = time.Minute
	// maxFailedPolls in a row end the sign-in: the person would finish in vain.
	maxFailedPolls = 5
)

// poll asks for the token of a device code until there is a final answer. MSAL
// itself would start at 50 ms and ignore interval and slow_down (traps.md, MSAL
// 2), so it is shown the end only.
//
// A poll that fails for want of an answer is repeated at half the pace, as
// section 3.5 asks. One whose answer was a token but broke off is not: the code
// is spent.
func (t *transport) poll(c *call) (*answer, error) {
	pause, failed := t.plan.interval, 0
	for {
		left := t.plan.end.Sub(t.clock.Now())
		if left <= 0 {
			return nil, errCodeExpired()
		}
		if err := t.clock.Sleep(c.ctx, min(pause, left)); err != nil {
			return nil, err
		}
		if pause > left {
			return nil, errCodeExpired()
		}
		ans, fault := t.attempt(c)
		if err := c.ctx.Err(); err != nil && fault != nil {
			return nil, err
		}
		switch {
		case fault == nil && ans.ok():
			return ans, nil
		case fault == nil && ans.oauth.Code == codeAuthorizationPending:
			pause, failed = t.plan.interval, 0
		case fault == nil && ans.oauth.Code == codeSlowDown:
			t.plan.interval += slowDown
			pause, failed = t.plan.interval, 0
		case failed < maxFailedPolls && (fault == nil && ans.busy(c) || fault != nil && fault.status == 0 && fault.transient()):
			failed++
			pause = max(min(2*pause, maxPause), t.plan.interval, ans.retryAfter(t.clock.Now()))
		default:
			return nil, t.failure(c, ans, fault)
		}
	}
}
