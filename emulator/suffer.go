package emulator

import (
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// suffer answers a request with a fault.
func (x *exchange) suffer(f *Fault) {
	if f.Delay > 0 && !x.wait(f.Delay) {
		return
	}
	switch {
	case f.Kind == FaultSlow:
		x.to.serve(x)
		return
	case f.Kind == FaultTruncated:
		x.truncated()
		return
	case f.Processed:
		answer := x.w
		x.w = &buffer{header: http.Header{}}
		x.to.serve(x)
		x.w = answer
	}
	switch f.Kind {
	case FaultStatus429:
		x.struck(f, http.StatusTooManyRequests, "temporarily_unavailable", 90055, "The server is busy: there are too many incoming requests.")
	case FaultStatus503:
		x.struck(f, http.StatusServiceUnavailable, "temporarily_unavailable", 90033, "A transient error has occurred. Please try again.")
	case FaultStatus500:
		x.struck(f, http.StatusInternalServerError, "server_error", 50000, "There's an issue with the sign-in service.")
	case FaultOAuthError:
		x.struck(f, http.StatusBadRequest, "invalid_grant", 70000, "An emulated error.")
	case FaultHuge:
		x.huge(f.Size)
	case FaultMalformed:
		x.w.Header().Set("Content-Type", "application/json; charset=utf-8")
		x.write(`{"token_type":"Bearer","expires_in":"soon","access_token":{"oops":[`)
	case FaultNotJSON:
		x.w.Header().Set("Content-Type", "text/html; charset=utf-8")
		x.write("<!doctype html><title>Sign in to the network</title><p>This is a proxy's page, not JSON.")
	case FaultRedirect:
		location := f.Location
		if location == "" {
			location = x.base() + "/_emulator/trap"
		}
		x.w.Header().Set("Location", location)
		x.w.WriteHeader(http.StatusTemporaryRedirect)
	case FaultReset:
		x.reset()
	}
}

// struck answers with an OAuth error; the fault's own words win.
func (x *exchange) struck(f *Fault, status int, oauth string, aadsts int, text string) {
	e := &oauthError{status: status, oauth: oauth, aadsts: aadsts, text: text, suberror: f.Suberror, claims: f.Claims}
	if f.Error != "" {
		e.oauth = f.Error
	}
	if f.AADSTS != 0 {
		e.aadsts = f.AADSTS
	}
	if f.Description != "" {
		e.text = f.Description
	}
	if f.RetryAfter > 0 {
		x.w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
	}
	x.refuse(e)
}

// wait sleeps unless the client or the server goes away first.
func (x *exchange) wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-x.r.Context().Done():
	case <-x.s.done:
	}
	return false
}

func (x *exchange) write(body string) { _, _ = x.w.Write([]byte(body)) }

func (x *exchange) huge(size int64) {
	if size == 0 {
		size = 64 << 20
	}
	x.w.Header().Set("Content-Type", "application/json; charset=utf-8")
	x.write(`{"access_token":"`)
	chunk := []byte(strings.Repeat("x", 32<<10))
	for size > 0 {
		n, err := x.w.Write(chunk[:min(size, int64(len(chunk)))])
		if err != nil {
			return
		}
		size -= int64(n)
	}
	x.write(`"}`)
}

// truncated promises the whole answer and sends half of it.
func (x *exchange) truncated() {
	answer := x.w
	whole := &buffer{header: answer.Header()}
	x.w = whole
	x.to.serve(x)
	x.w = answer
	answer.Header().Set("Content-Length", strconv.Itoa(len(whole.body)))
	answer.WriteHeader(whole.code())
	_, _ = answer.Write(whole.body[:len(whole.body)/2])
	_ = http.NewResponseController(answer).Flush()
	panic(http.ErrAbortHandler)
}

// reset cuts the connection so that the client sees a TCP reset.
func (x *exchange) reset() {
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if secure, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = secure.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// buffer is an answer that is not sent, or not as it is.
type buffer struct {
	header http.Header
	status int
	body   []byte
}

func (b *buffer) Header() http.Header { return b.header }

func (b *buffer) WriteHeader(status int) {
	if b.status == 0 {
		b.status = status
	}
}

func (b *buffer) Write(p []byte) (int, error) {
	b.body = append(b.body, p...)
	return len(p), nil
}

func (b *buffer) code() int {
	if b.status == 0 {
		return http.StatusOK
	}
	return b.status
}
