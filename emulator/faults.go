package emulator

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// FaultKind says what goes wrong.
type FaultKind string

// The kinds of faults.
const (
	FaultStatus429  FaultKind = "status429"   // 429, Retry-After if set
	FaultStatus503  FaultKind = "status503"   // 503, Retry-After if set
	FaultStatus500  FaultKind = "status500"   // 500
	FaultSlow       FaultKind = "slow"        // the true answer after Delay
	FaultTruncated  FaultKind = "truncated"   // half of the true answer, then the connection is cut
	FaultHuge       FaultKind = "huge"        // 200 and a JSON string of Size bytes
	FaultMalformed  FaultKind = "malformed"   // 200 and broken JSON
	FaultNotJSON    FaultKind = "notjson"     // 200 and a proxy's HTML page
	FaultRedirect   FaultKind = "redirect307" // 307 to Location
	FaultReset      FaultKind = "reset"       // the connection is reset without an answer
	FaultOAuthError FaultKind = "error"       // 400 and the Error, AADSTS, … of the Fault
)

// Fault is something that the server does wrong on purpose.
type Fault struct {
	Endpoint string    `json:"endpoint"`        // one of the Endpoint constants; "" is all
	Grant    string    `json:"grant,omitempty"` // of a token request, as in Counters.Token; "" is all
	Kind     FaultKind `json:"kind"`            // FaultOAuthError if empty and Error is set
	Skip     int       `json:"skip,omitempty"`  // let this many matching requests through first
	Times    int       `json:"times,omitempty"` // then strike this often; 0 is for ever
	// RetryAfter is in seconds; 0 sends no header.
	RetryAfter int `json:"retry_after,omitempty"`
	// Delay goes before whatever the fault does; in real time.
	Delay time.Duration `json:"-"`
	// Processed lets the request take effect first (a code is used up, a
	// refresh token rotated) and only then spoils the answer.
	Processed bool `json:"processed,omitempty"`
	// Size is how many bytes a huge answer has; 64 MiB if zero.
	Size int64 `json:"size,omitempty"`
	// Location is where redirect307 leads; the emulator's own trap if empty,
	// which counts in Counters.Trapped what is sent on.
	Location string `json:"location,omitempty"`

	// What a FaultOAuthError says; the status faults say it too if Error is set.
	Error       string `json:"error,omitempty"`
	AADSTS      int    `json:"aadsts,omitempty"`
	Suberror    string `json:"suberror,omitempty"`
	Claims      string `json:"claims,omitempty"`
	Description string `json:"description,omitempty"`
}

func (f Fault) validate() error {
	kinds := []FaultKind{FaultStatus429, FaultStatus503, FaultStatus500, FaultSlow, FaultTruncated, FaultHuge,
		FaultMalformed, FaultNotJSON, FaultRedirect, FaultReset, FaultOAuthError}
	if !slices.Contains(kinds, f.Kind) {
		return fmt.Errorf("fault: unknown kind %q", f.Kind)
	}
	endpoints := []string{"", EndpointDiscovery, EndpointInstance, EndpointUserRealm, EndpointAuthorize, EndpointToken,
		EndpointDeviceCode, EndpointAPI, EndpointWSTrust, EndpointJWKS}
	if !slices.Contains(endpoints, f.Endpoint) {
		return fmt.Errorf("fault: unknown endpoint %q", f.Endpoint)
	}
	if f.Times < 0 || f.Skip < 0 || f.RetryAfter < 0 || f.Delay < 0 || f.Size < 0 {
		return errors.New("fault: a number is negative")
	}
	return nil
}

// AddFault arms a fault. Faults are tried in the order in which they were
// added; the first that matches strikes. It panics if the fault names an
// unknown kind or endpoint: that is a mistake in the test.
func (s *Server) AddFault(f Fault) {
	if err := s.addFault(f); err != nil {
		panic("emulator: " + err.Error())
	}
}

func (s *Server) addFault(f Fault) error {
	if f.Kind == "" && f.Error != "" {
		f.Kind = FaultOAuthError
	}
	if err := f.validate(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
	return nil
}

// ClearFaults disarms every fault.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// takeFault finds the fault that strikes this request and uses it up.
func (s *Server) takeFault(x *exchange) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		if f.Endpoint != "" && f.Endpoint != x.to.endpoint ||
			f.Grant != "" && (x.to.endpoint != EndpointToken || shortGrant(f.Grant) != shortGrant(x.entry.GrantType)) {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		struck := *f
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				s.faults = slices.Delete(s.faults, i, i+1)
			}
		}
		s.counters.Faults++
		return &struck
	}
	return nil
}

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
		x.struck(f, http.StatusBadRequest, "invalid_grant", f.AADSTS, "An emulated error.")
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
