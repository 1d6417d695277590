package emulator

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// browserSession is what a browser's cookie stands for: who is signed in there.
// Guarded by Server.mu.
type browserSession struct {
	id       string
	accounts []signedIn // in the order of their sign-ins
	seen     time.Time
}

// signedIn is one account's single sign-on session.
type signedIn struct {
	username string
	amr      []string
	auth     time.Time
	began    int64
}

// The prefix makes browsers insist on Secure, Path=/ and no Domain.
const browserCookie = "__Host-emulator-browser"

func (b *browserSession) find(username string) (signedIn, bool) {
	for _, a := range b.accounts {
		if strings.EqualFold(a.username, username) {
			return a, true
		}
	}
	return signedIn{}, false
}

func (b *browserSession) forget(username string) {
	b.accounts = slices.DeleteFunc(b.accounts, func(a signedIn) bool { return strings.EqualFold(a.username, username) })
}

func (b *browserSession) remember(a signedIn) {
	b.forget(a.username)
	b.accounts = append(b.accounts, a)
}

// browser finds the session of this request's browser, or starts one and sets
// its cookie. Call it with mu held.
func (x *exchange) browser() *browserSession {
	now := x.s.now()
	if b := x.knownBrowser(); b != nil {
		b.seen = now
		return b
	}
	sweep(x.s.browsers, func(b *browserSession) bool { return now.Sub(b.seen) > 24*time.Hour })
	b := &browserSession{id: opaque(""), seen: now}
	x.s.browsers[b.id] = b
	http.SetCookie(x.w, &http.Cookie{Name: browserCookie, Value: b.id, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	return b
}

func (x *exchange) knownBrowser() *browserSession {
	cookie, err := x.r.Cookie(browserCookie)
	if err != nil {
		return nil
	}
	return x.s.browsers[cookie.Value]
}

// logout ends the browser's sessions. Refresh tokens stay good, as at Entra.
func (x *exchange) logout() {
	x.s.mu.Lock()
	if b := x.knownBrowser(); b != nil {
		b.accounts = nil
	}
	x.s.mu.Unlock()
	x.message(http.StatusOK, "You signed out", "It is safe to close this window.")
}
