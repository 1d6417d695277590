package entra

import (
	"context"
	"encoding/pem"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authlatch/authlatch/plugins/internal/entra/entratest"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
	"github.com/authlatch/authlatch/sdk"
)

// tlsServer is a server with a certificate of its own for 127.0.0.1 and example.com.
func tlsServer(t *testing.T, h http.HandlerFunc) (server *httptest.Server, caPEM []byte) {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = nil
	s.StartTLS()
	t.Cleanup(s.Close)
	return s, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
}

func networkRequest(authority string, bundle []byte) *sdk.Request {
	r := fakeRequest()
	r.Authority, r.CABundle, r.DisableInstanceDiscovery = authority, bundle, true
	return r
}

// signInBy makes GetToken go to the network at once.
func signInBy(ctx context.Context, c *Client) (*sdk.Token, error) {
	return c.RedeemAuthCode(ctx, "code-1", AuthCode{RedirectURI: "http://localhost:1", Verifier: "v"})
}

func TestNetworkFailures(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "")
	t.Setenv("https_proxy", "")
	idp, ca := tlsServer(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	port := idp.Listener.Addr().(*net.TCPAddr).Port
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "https://" + listener.Addr().String()
	listener.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()

	for name, c := range map[string]struct {
		authority string
		bundle    []byte
		says      string
		untrusted bool
	}{
		"trusted":             {idp.URL, ca, "answered 418 and no OAuth error", false},
		"unknown authority":   {idp.URL, nil, "is not trusted", true},
		"another host's name": {strings.Replace(idp.URL, "127.0.0.1", "localhost", 1), ca, "is for another host", true},
		"nobody listens":      {nobody, ca, "connection refused", false},
		"no such host":        {"https://no-such-host.invalid", ca, "no-such-host.invalid", false},
		"no TLS":              {strings.Replace(plain.URL, "http:", "https:", 1), ca, "does not speak TLS", false},
	} {
		t.Run(name, func(t *testing.T) {
			req := networkRequest(c.authority, c.bundle)
			req.Mode = sdk.Force
			clock := entratest.NewClock()
			_, err := GetToken(t.Context(), req, signInBy, WithClock(clock))
			reason := flowv1.ReasonTemporarilyUnavailable
			if c.untrusted {
				reason = flowv1.ReasonUntrustedCertificate
			}
			if e := wantReason(t, err, reason); !strings.Contains(e.Message, c.says) {
				t.Errorf("message %q, want %q in it", e.Message, c.says)
			}
			if len(clock.Sleeps()) > 0 {
				t.Errorf("it tried again after %v", clock.Sleeps())
			}
		})
	}
	_ = port
}

func TestCABundle(t *testing.T) {
	_, ca := tlsServer(t, nil)
	for name, c := range map[string]struct {
		bundle string
		says   string
	}{
		"good":                  {"a comment\n" + string(ca), ""},
		"none":                  {"", ""},
		"text":                  {"hello", "holds no PEM certificate"},
		"a key":                 {string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")})), "not a certificate: PRIVATE KEY"},
		"one good, one damaged": {string(ca) + string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")})), "certificate 2 in ca_file is damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			cl, err := New(networkRequest("https://idp.example", []byte(c.bundle)))
			if c.says == "" {
				if err != nil {
					t.Fatal(err)
				}
				cl.Close()
				return
			}
			if e := wantReason(t, err, flowv1.ReasonInvalidRequest); !strings.Contains(e.Message, "ca_file") || !strings.Contains(e.Message, c.says) {
				t.Errorf("message %q, want %q", e.Message, c.says)
			}
		})
	}
}

// The environment's proxy is used, and named if it cannot be reached.
func TestProxy(t *testing.T) {
	var connects atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodConnect && r.Host == "idp.example:443" {
			connects.Add(1)
		}
		w.WriteHeader(http.StatusBadGateway)
	}))
	defer proxy.Close()
	t.Setenv("NO_PROXY", "")
	t.Setenv("no_proxy", "")
	for _, name := range []string{"HTTPS_PROXY", "https_proxy"} {
		t.Setenv(name, proxy.URL)
	}
	req := networkRequest("https://idp.example", nil)
	req.Mode = sdk.Force
	_, err := GetToken(t.Context(), req, signInBy, WithClock(entratest.NewClock()))
	wantReason(t, err, flowv1.ReasonTemporarilyUnavailable)
	if connects.Load() == 0 {
		t.Error("the proxy was not asked")
	}
}

// Neither the redirect's target sees the request, nor does a cancelled request
// look like a failure of the provider.
func TestRedirectAndCancel(t *testing.T) {
	var trapped atomic.Int32
	trap, _ := tlsServer(t, func(http.ResponseWriter, *http.Request) { trapped.Add(1) })
	hang := make(chan struct{})
	var once atomic.Bool
	idp, ca := tlsServer(t, func(w http.ResponseWriter, r *http.Request) {
		if once.CompareAndSwap(false, true) {
			http.Redirect(w, r, trap.URL, http.StatusTemporaryRedirect)
			return
		}
		close(hang)
		<-r.Context().Done()
	})
	req := networkRequest(idp.URL, ca)
	req.Mode = sdk.Force
	_, err := GetToken(t.Context(), req, signInBy)
	if e := wantReason(t, err, flowv1.ReasonTemporarilyUnavailable); !strings.Contains(e.Message, "redirect (307), which is never followed") {
		t.Errorf("message %q", e.Message)
	}
	if trapped.Load() != 0 {
		t.Error("the redirect was followed")
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-hang; cancel() }()
	if _, err := GetToken(ctx, req, signInBy); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	past, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	if _, err := GetToken(past, req, signInBy); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want context.DeadlineExceeded", err)
	}
}
