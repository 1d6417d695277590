package emulator

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"net/http"
	"time"
)

// device is one device authorization (RFC 8628). Guarded by Server.mu.
type device struct {
	userCode string
	app      App
	tenant   tenant
	scopes   scopeSet
	claims   requestedClaims
	expires  time.Time
	interval time.Duration
	lastPoll time.Time // zero before the first
	redeemed bool
	// What the person did: neither, or one of them.
	approval *approval
	refused  *oauthError
}

// approval is a person's completed sign-in.
type approval struct {
	username string
	amr      []string
	auth     time.Time
	began    int64
}

// deviceCode is the device authorization endpoint.
func (x *exchange) deviceCode() {
	d, code, refused := x.newDevice()
	if refused != nil {
		x.refuse(refused)
		return
	}
	uri := x.base() + "/device"
	x.json(http.StatusOK, map[string]any{
		"user_code":        d.userCode,
		"device_code":      code,
		"verification_uri": uri,
		"expires_in":       seconds(x.s.opts.DeviceCodeLifetime),
		"interval":         seconds(d.interval),
		"message":          fmt.Sprintf("To sign in, use a web browser to open the page %s and enter the code %s to authenticate.", uri, d.userCode),
	})
}

func (x *exchange) newDevice() (*device, string, *oauthError) {
	if refused := x.postForm(); refused != nil {
		return nil, "", refused
	}
	app, t, refused := x.clientAndTenant()
	if refused != nil {
		return nil, "", refused
	}
	if x.param("scope") == "" {
		return nil, "", errMissing("scope")
	}
	scopes, refused := x.s.parseScopes(x.param("scope"), app, t.asPath())
	if refused != nil {
		return nil, "", refused
	}
	claims, refused := parseClaims(x.param("claims"))
	if refused != nil {
		return nil, "", refused
	}
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	now := x.s.now()
	d := &device{app: app, tenant: t, scopes: scopes, claims: claims,
		expires: now.Add(x.s.opts.DeviceCodeLifetime), interval: x.s.opts.DeviceCodeInterval}
	for d.userCode == "" || x.s.userCodes[d.userCode] != nil {
		d.userCode = newUserCode()
	}
	// A day past its end an answer of "expired" has been heard.
	dead := func(d *device) bool { return now.After(d.expires.Add(24 * time.Hour)) }
	sweep(x.s.devices, dead)
	sweep(x.s.userCodes, dead)
	code := opaque("")
	x.s.devices[code], x.s.userCodes[d.userCode] = d, d
	return d, code, nil
}

// newUserCode is nine characters that cannot be mistaken for one another.
func newUserCode() string {
	const alphabet = "BCDFGHJKLMNPQRSTVWXYZ23456789"
	code := make([]byte, 9)
	for i := range code {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet))))
		if err != nil {
			panic(err) // crypto/rand never fails since Go 1.24
		}
		code[i] = alphabet[n.Int64()]
	}
	return string(code)
}

// redeemDevice is the device_code grant: one poll.
func (x *exchange) redeemDevice(app App, t tenant) (*grant, *oauthError) {
	code := x.param("device_code")
	if code == "" {
		return nil, errMissing("device_code")
	}
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	d := x.s.devices[code]
	switch now := x.s.now(); {
	case d == nil || d.app.ID != app.ID || d.redeemed:
		return nil, errDeviceCodeUnknown()
	case d.refused != nil:
		return nil, d.refused
	case !now.Before(d.expires):
		return nil, errDeviceCodeExpired()
	case d.approval == nil:
		return nil, x.s.judgePoll(d, now)
	}
	m, err := x.s.member(d.approval.username)
	if err != nil {
		return nil, errUnknownUser(t.asPath())
	}
	if d.approval.began <= m.revokedAt {
		return nil, errRevoked(m.revokedTime)
	}
	g := &grant{kind: "device_code", app: app, scopes: d.scopes, claims: d.claims,
		amr: d.approval.amr, auth: d.approval.auth, seq: x.s.next()}
	if refused := x.complete(g, m, d.tenant, errStranger); refused != nil {
		return nil, refused
	}
	d.redeemed = true
	return g, nil
}

// judgePoll answers a poll that came before the person was done. One that comes
// before the interval has passed is told to slow down, and the interval grows
// by 5 s for good (RFC 8628 section 3.5). A tenth of the interval is forgiven:
// the network does not carry every poll equally fast. Call it with mu held.
func (s *Server) judgePoll(d *device, now time.Time) *oauthError {
	early := !d.lastPoll.IsZero() && now.Sub(d.lastPoll) < d.interval-min(d.interval/10, 500*time.Millisecond)
	d.lastPoll = now
	if early {
		d.interval += 5 * time.Second
		s.counters.SlowDowns++
		return errSlowDown()
	}
	return errPending()
}
