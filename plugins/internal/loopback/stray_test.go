package loopback

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

// None of these ends a sign-in or says anything but a constant.
func TestStrays(t *testing.T) {
	head := func(method, path string) func(*Listener) string {
		return func(l *Listener) string {
			return fmt.Sprintf("%s %s HTTP/1.1\r\nHost: localhost:%d\r\nContent-Length: 0\r\n\r\n", method, path, l.port)
		}
	}
	form := func(v url.Values) func(*Listener) string {
		return func(l *Listener) string {
			f := url.Values{}
			for k, values := range v {
				for _, s := range values {
					f.Add(k, strings.ReplaceAll(s, "STATE", l.State()))
				}
			}
			return post(l, f.Encode())
		}
	}
	edit := func(old, repl string) func(*Listener) string {
		return func(l *Listener) string {
			repl := strings.ReplaceAll(repl, "PORT", strconv.Itoa(l.port))
			return strings.Replace(post(l, answerForm(l, "abc")), old, repl, 1)
		}
	}
	for name, c := range map[string]struct {
		request func(*Listener) string
		status  int
	}{
		"GET without a query":       {head("GET", "/"), 404},
		"GET with another query":    {head("GET", "/?q=1"), 400},
		"favicon":                   {head("GET", "/favicon.ico"), 404},
		"another path":              {head("GET", "/.well-known/appspecific/com.chrome.devtools.json"), 404},
		"HEAD":                      {head("HEAD", "/"), 404},
		"OPTIONS":                   {head("OPTIONS", "/"), 404},
		"OPTIONS *":                 {head("OPTIONS", "*"), 404},
		"PUT":                       {head("PUT", "/"), 404},
		"CONNECT":                   {head("CONNECT", "localhost:443"), 400},
		"POST without a body":       {head("POST", "/"), 404},
		"no HTTP":                   {func(*Listener) string { return "hello\r\n\r\n" }, 400},
		"TLS":                       {func(*Listener) string { return "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n" }, 400},
		"wrong state":               {form(url.Values{"state": {"guess"}, "code": {"abc"}}), 400},
		"state with more behind it": {form(url.Values{"state": {"STATEx"}, "code": {"abc"}}), 400},
		"no state":                  {form(url.Values{"code": {"abc"}}), 400},
		"empty state":               {form(url.Values{"state": {""}, "code": {"abc"}}), 400},
		"two states":                {form(url.Values{"state": {"STATE", "STATE"}, "code": {"abc"}}), 400},
		"forged error, wrong state": {form(url.Values{"state": {"guess"}, "error": {"access_denied"}}), 400},
		"forged error, no state":    {form(url.Values{"error": {"access_denied"}}), 400},
		"two codes":                 {form(url.Values{"state": {"STATE"}, "code": {"abc", "def"}}), 400},
		"anything twice":            {form(url.Values{"state": {"STATE"}, "code": {"abc"}, "x": {"1", "2"}}), 400},
		"code and error":            {form(url.Values{"state": {"STATE"}, "code": {"abc"}, "error": {"access_denied"}}), 400},
		"neither code nor error":    {form(url.Values{"state": {"STATE"}}), 400},
		"empty code":                {form(url.Values{"state": {"STATE"}, "code": {""}}), 400},
		"code with a line break":    {form(url.Values{"state": {"STATE"}, "code": {"a\nb"}}), 400},
		"broken escape":             {func(l *Listener) string { return post(l, answerForm(l, "abc")+"&x=%zz") }, 400},
		"semicolons":                {func(l *Listener) string { return post(l, strings.ReplaceAll(answerForm(l, "abc"), "&", ";")) }, 400},
		"oversized body":            {func(l *Listener) string { return post(l, answerForm(l, strings.Repeat("a", maxBody))) }, 404},
		"many parameters": {func(l *Listener) string {
			f := answerForm(l, "abc")
			for i := range maxParams {
				f += fmt.Sprintf("&p%d=", i)
			}
			return post(l, f)
		}, 400},
		"JSON":                       {edit("application/x-www-form-urlencoded", "application/json"), 404},
		"text/plain":                 {edit("application/x-www-form-urlencoded", "text/plain"), 404},
		"no content type":            {edit("Content-Type", "X-Content-Type"), 404},
		"foreign host":               {edit("Host: localhost:", "Host: attacker.example:"), 400},
		"a name below localhost":     {edit("Host: localhost:", "Host: a.localhost:"), 400},
		"host without port":          {edit("Host: localhost:", "Host: localhost\r\nX: "), 400},
		"another port":               {edit("Host: localhost:", "Host: localhost:1"), 400},
		"another loopback address":   {edit("Host: localhost:", "Host: 127.0.0.2:"), 400},
		"foreign host in the target": {edit("POST /", "POST http://attacker.example:PORT/"), 400},
		"two hosts":                  {edit("Host:", "Host: localhost:PORT\r\nHost:"), 400},
		"no host":                    {edit("Host:", "X-Host:"), 400},
		"an answer at another path":  {edit("POST /", "POST /callback"), 404},
		"an answer at a path's twin": {edit("POST /", "POST //"), 404},
		"an answer by PUT":           {edit("POST /", "PUT /"), 404},
	} {
		t.Run(name, func(t *testing.T) {
			l := start(t, Target{})
			r := send(t, l, c.request(l))
			if r.status != c.status {
				t.Errorf("got status %d, want %d", r.status, c.status)
			}
			if strings.Contains(r.body, "abc") || strings.Contains(r.body, l.State()) {
				t.Errorf("the page shows what was sent: %q", r.body)
			}
			if r.header.Get("Content-Security-Policy") != "" { // net/http refuses some itself
				checkHeader(t, r)
			}
			finish(t, l)
		})
	}
}

// A header larger than the bound gets net/http's own refusal, or a reset while
// it is still being sent.
func TestOversizedHeader(t *testing.T) {
	l := start(t, Target{})
	raw := strings.Replace(get(l, "/"), "\r\n\r\n", "\r\nCookie: "+strings.Repeat("a", 2*maxHeader)+"\r\n\r\n", 1)
	if r, err := exchange(net.JoinHostPort("127.0.0.1", strconv.Itoa(l.port)), raw); err == nil && r.status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("got %d", r.status)
	}
	finish(t, l)
}

// The cookies of everything that ever ran on localhost come along.
func TestManyCookies(t *testing.T) {
	l := start(t, Target{})
	done := make(chan reply, 1)
	raw := strings.Replace(post(l, answerForm(l, "abc")), "Origin:", "Cookie: "+strings.Repeat("a", 60<<10)+"\r\nOrigin:", 1)
	go func() { done <- send(t, l, raw) }()
	a, err := l.Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a.Done(nil)
	<-done
}

// Connections that send nothing, or never all of it, hold nobody up: neither the
// answer nor Close.
func TestHangingConnections(t *testing.T) {
	for name, part := range map[string]string{
		"preconnect":     "",
		"part of a line": "GE",
		"part of a head": "POST / HTTP/1.1\r\nHost: localhost\r\n",
		"part of a body": "POST / HTTP/1.1\r\nHost: localhost:PORT\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\ncode=",
	} {
		t.Run(name, func(t *testing.T) {
			l := start(t, Target{})
			addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(l.port))
			part := strings.ReplaceAll(part, "PORT", strconv.Itoa(l.port))
			for range 3 * maxConns { // more than may be open
				c, err := net.Dial("tcp", addr)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { c.Close() })
				if _, err := io.WriteString(c, part); err != nil {
					t.Fatal(err)
				}
			}
			finish(t, l)
			l.Close()
			l.conns.mu.Lock()
			defer l.conns.mu.Unlock()
			if n := len(l.conns.open); n > maxConns {
				t.Errorf("%d connections were open", n)
			}
		})
	}
}

// The answer's own connection never gives way, however many come after it.
func TestAnswerOutlivesFlood(t *testing.T) {
	l := start(t, Target{})
	done := make(chan reply, 1)
	go func() { done <- send(t, l, post(l, answerForm(l, "abc"))) }()
	a, err := l.Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 * maxConns {
		send(t, l, get(l, "/"))
	}
	for range 2 * maxConns {
		c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(l.port)))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
	}
	a.Done(nil)
	if r := <-done; r.body != successPage() {
		t.Errorf("the person was shown %d %q", r.status, r.body)
	}
}
