package loopback

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T, target Target) *Listener {
	t.Helper()
	l, err := Listen(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// reply is what a browser would see.
type reply struct {
	status int
	header http.Header
	body   string
}

// send writes a request as it is to 127.0.0.1 and reads what comes back.
func send(t *testing.T, l *Listener, raw string) reply {
	t.Helper()
	return sendTo(t, "127.0.0.1", l, raw)
}

func sendTo(t *testing.T, ip string, l *Listener, raw string) reply {
	t.Helper()
	r, err := exchange(net.JoinHostPort(ip, strconv.Itoa(l.port)), raw)
	if err != nil {
		t.Error(err) // not Fatal: also called beside the test's goroutine
	}
	return r
}

func exchange(addr, raw string) (reply, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return reply{}, err
	}
	defer c.Close()
	if _, err := io.WriteString(c, raw); err != nil {
		return reply{}, err
	}
	method, _, _ := strings.Cut(raw, " ")
	resp, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header, string(body)}, err
}

// post is a form_post as a browser sends it across sites.
func post(l *Listener, form string) string {
	return fmt.Sprintf("POST / HTTP/1.1\r\nHost: localhost:%d\r\nOrigin: https://login.example\r\nSec-Fetch-Site: cross-site\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", l.port, len(form), form)
}

func get(l *Listener, target string) string {
	return fmt.Sprintf("GET %s HTTP/1.1\r\nHost: localhost:%d\r\n\r\n", target, l.port)
}

func answerForm(l *Listener, code string) string {
	return url.Values{"state": {l.State()}, "code": {code}, "session_state": {"s"}}.Encode()
}

// finish sends the true answer and checks that it is taken.
func finish(t *testing.T, l *Listener) {
	t.Helper()
	done := make(chan reply, 1)
	go func() { done <- send(t, l, post(l, answerForm(l, "the-code"))) }()
	a, err := l.Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if a.Get("code") != "the-code" || a.Get("error") != "" || a.Get("state") != "" {
		t.Errorf("wrong answer: %v", a.Values())
	}
	a.Done(nil)
	if r := <-done; r.status != http.StatusOK || r.body != successPage() {
		t.Errorf("the person was shown %d %q", r.status, r.body)
	}
}
