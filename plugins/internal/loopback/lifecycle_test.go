package loopback

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

func TestRedirectURI(t *testing.T) {
	free := freePort(t)
	for redirect, want := range map[string]string{
		"http://localhost":                                "http://localhost:PORT",
		"http://localhost/":                               "http://localhost:PORT/",
		"http://LOCALHOST/callback":                       "http://localhost:PORT/callback",
		"http://127.0.0.1":                                "http://127.0.0.1:PORT",
		fmt.Sprintf("http://localhost:%d/a/b/", free):     fmt.Sprintf("http://localhost:%d/a/b/", free),
		fmt.Sprintf("http://127.0.0.1:%d/x%%2Fy", free):   fmt.Sprintf("http://127.0.0.1:%d/x%%2Fy", free),
		fmt.Sprintf("http://localhost:%d", free):          fmt.Sprintf("http://localhost:%d", free),
		fmt.Sprintf("http://localhost:%d/callback", free): fmt.Sprintf("http://localhost:%d/callback", free),
	} {
		t.Run(redirect, func(t *testing.T) {
			target, err := ParseTarget(redirect)
			if err != nil {
				t.Fatal(err)
			}
			l := start(t, target)
			if want := strings.ReplaceAll(want, "PORT", strconv.Itoa(l.port)); l.RedirectURI() != want {
				t.Errorf("got %s, want %s", l.RedirectURI(), want)
			}
			done := make(chan error, 1)
			go func() {
				resp, err := http.Get(l.RedirectURI() + "?" + answerForm(l, "abc"))
				if err == nil {
					resp.Body.Close()
				}
				done <- err
			}()
			a, err := l.Wait(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			a.Done(nil)
			if err := <-done; err != nil {
				t.Error(err)
			}
			http.DefaultClient.CloseIdleConnections()
		})
	}
}

func TestBadRedirectURI(t *testing.T) {
	for _, redirect := range []string{
		"", "localhost:8400", "https://localhost:8400", "http://", "http://example.com/", "http://127.0.0.2/",
		"http://0.0.0.0:8400", "http://[::]:8400", "http://localhost.:8400", "http://user@localhost:8400",
		"http://localhost:8400/?a=b", "http://localhost:8400/?", "http://localhost:8400/#", "http://localhost:8400/#x",
		"http://localhost:0", "http://localhost:65536", "http://localhost:x", "http://localhost:8400/a/../b",
		"http://localhost:8400//", "http://localhost:8400/./", "http://localhost/%zz", "http://localhost/%2E%2e/a",
	} {
		if target, err := ParseTarget(redirect); err == nil {
			t.Errorf("%q was taken as %+v", redirect, target)
		}
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return portOf(l)
}

func TestPortTaken(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:0", "[::1]:0"} {
		t.Run(addr, func(t *testing.T) {
			taken, err := net.Listen("tcp", addr)
			if err != nil {
				t.Skipf("this machine has no %s", addr)
			}
			defer taken.Close()
			l, err := Listen(t.Context(), Target{Port: portOf(taken)})
			var taking *PortError
			if !errors.As(err, &taking) || taking.Port != portOf(taken) {
				t.Errorf("got %v, want the port named", err)
			}
			if err == nil {
				l.Close()
			}
		})
	}
}

func TestCancel(t *testing.T) {
	l := start(t, Target{})
	cause := errors.New("too late")
	ctx, cancel := context.WithCancelCause(t.Context())
	go cancel(cause)
	if _, err := l.Wait(ctx); !errors.Is(err, cause) {
		t.Errorf("got %v, want the context's cause", err)
	}
	l.Close()
	if _, err := l.Wait(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: got %v", err)
	}
	if c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(l.port))); err == nil {
		c.Close()
		t.Error("the port is still served after Close")
	}
	l.Close() // twice is fine
}

// A caller that gives up after the answer leaves the person with a page that
// does not claim success.
func TestCloseWithoutDone(t *testing.T) {
	l := start(t, Target{})
	done := make(chan reply, 1)
	go func() { done <- send(t, l, post(l, answerForm(l, "abc"))) }()
	if _, err := l.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.Close()
	if r := <-done; r.body != failurePage() {
		t.Errorf("the person was shown %d %q", r.status, r.body)
	}
}

// Done followed at once by Close, as every flow does, still delivers the page.
func TestCloseDelivers(t *testing.T) {
	for range 50 {
		l := start(t, Target{})
		done := make(chan reply, 1)
		go func() { done <- send(t, l, post(l, answerForm(l, "abc"))) }()
		a, err := l.Wait(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		a.Done(nil)
		l.Close()
		if r := <-done; r.body != successPage() {
			t.Fatalf("the person was shown %d %q", r.status, r.body)
		}
	}
}

// A person who closes the tab early does not hold Close up, nor lose the answer.
func TestTabClosed(t *testing.T) {
	l := start(t, Target{})
	c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(l.port)))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(c, post(l, answerForm(l, "abc")))
	a, err := l.Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	l.mu.Lock()
	pending := l.pending
	l.mu.Unlock()
	<-pending // without Done
	a.Done(nil)
	l.Close()
}
