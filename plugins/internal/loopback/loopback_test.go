package loopback

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		request func(l *Listener) string
		outcome error
		want    url.Values
		page    string
	}{
		"form_post": {
			request: func(l *Listener) string { return post(l, answerForm(l, "abc")) },
			want:    url.Values{"code": {"abc"}, "session_state": {"s"}},
			page:    successPage(),
		},
		"form_post whose token request fails": {
			request: func(l *Listener) string { return post(l, answerForm(l, "abc")) },
			outcome: errors.New("refused"),
			want:    url.Values{"code": {"abc"}, "session_state": {"s"}},
			page:    failurePage(),
		},
		"query": {
			request: func(l *Listener) string { return get(l, "/?"+answerForm(l, "abc")) },
			want:    url.Values{"code": {"abc"}, "session_state": {"s"}},
			page:    successPage(),
		},
		"a form_post's own query is not looked at": {
			request: func(l *Listener) string {
				return strings.Replace(post(l, answerForm(l, "abc")), "POST / ", "POST /?code=other&state=x ", 1)
			},
			want: url.Values{"code": {"abc"}, "session_state": {"s"}},
			page: successPage(),
		},
		"error": {
			request: func(l *Listener) string {
				return post(l, url.Values{"state": {l.State()}, "error": {"access_denied"}, "error_description": {"<b>no</b>"}}.Encode())
			},
			outcome: errors.New("denied"),
			want:    url.Values{"error": {"access_denied"}, "error_description": {"<b>no</b>"}},
			page:    failurePage(),
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := start(t, Target{})
			done := make(chan reply, 1)
			go func() { done <- send(t, l, c.request(l)) }()
			a, err := l.Wait(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if a.Values().Encode() != c.want.Encode() {
				t.Errorf("got %v, want %v", a.Values(), c.want)
			}
			a.Done(c.outcome)
			a.Done(nil) // only the first counts
			r := <-done
			if r.status != http.StatusOK || r.body != c.page {
				t.Errorf("the person was shown %d %q", r.status, r.body)
			}
			checkHeader(t, r)
		})
	}
}

func checkHeader(t *testing.T, r reply) {
	t.Helper()
	for name, want := range map[string]string{
		"Cache-Control":           "no-store",
		"Referrer-Policy":         "no-referrer",
		"X-Content-Type-Options":  "nosniff",
		"X-Frame-Options":         "DENY",
		"Content-Security-Policy": contentSecurityPolicy,
		"Content-Type":            "text/html; charset=utf-8",
	} {
		if got := r.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if !strings.HasPrefix(contentSecurityPolicy, "default-src 'none'; style-src 'sha256-") {
		t.Errorf("the policy is %q", contentSecurityPolicy)
	}
}

func TestBothAddressFamilies(t *testing.T) {
	for _, ip := range []string{"127.0.0.1", "::1"} {
		for _, host := range []string{"localhost", "LOCALHOST", "127.0.0.1", "[::1]"} {
			t.Run(ip+" as "+host, func(t *testing.T) {
				if ip == "::1" && !hasIPv6(t.Context()) {
					t.Skip("this machine has no ::1")
				}
				l := start(t, Target{})
				done := make(chan reply, 1)
				request := strings.Replace(post(l, answerForm(l, "abc")), "Host: localhost", "Host: "+host, 1)
				go func() { done <- sendTo(t, ip, l, request) }()
				a, err := l.Wait(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				a.Done(nil)
				if r := <-done; r.body != successPage() {
					t.Errorf("got %d", r.status)
				}
			})
		}
	}
}

// The first answer counts; one that comes while the first is being redeemed, or
// after, is told so and changes nothing.
func TestOneShot(t *testing.T) {
	l := start(t, Target{})
	done := make(chan reply, 1)
	go func() { done <- send(t, l, post(l, answerForm(l, "first"))) }()
	a, err := l.Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	denied := url.Values{"state": {l.State()}, "error": {"access_denied"}}.Encode()
	for name, form := range map[string]string{"replay": answerForm(l, "first"), "another code": answerForm(l, "second"), "an error": denied} {
		if r := send(t, l, post(l, form)); r.status != http.StatusGone || r.body != receivedPage {
			t.Errorf("%s: got %d %q", name, r.status, r.body)
		}
	}
	a.Done(nil)
	if r := <-done; r.body != successPage() {
		t.Errorf("the first was shown %d %q", r.status, r.body)
	}
	if r := send(t, l, post(l, answerForm(l, "first"))); r.body != receivedPage {
		t.Errorf("a replay after the end was shown %d %q", r.status, r.body)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if again, err := l.Wait(ctx); err == nil {
		t.Errorf("a second answer came: %v", again.Values())
	}
}

func TestTwoAtOnce(t *testing.T) {
	l := start(t, Target{})
	pages := make(chan string, 2)
	for _, code := range []string{"one", "two"} {
		go func() { pages <- send(t, l, post(l, answerForm(l, code))).body }()
	}
	a, err := l.Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if first := <-pages; first != receivedPage { // the other one waits for Done
		t.Errorf("the loser was shown %q", first)
	}
	a.Done(nil)
	if second := <-pages; second != successPage() {
		t.Errorf("the winner was shown %q", second)
	}
}

func TestAnswerIsNotPrinted(t *testing.T) {
	a := &Answer{values: url.Values{"code": {"canary"}}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if s := fmt.Sprintf(verb, a); s != "[redacted]" {
			t.Errorf("%s prints %s", verb, s)
		}
	}
}
