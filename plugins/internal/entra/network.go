package entra

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/http/httpproxy"

	"github.com/authlatch/authlatch/internal/sanitize"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
	"github.com/authlatch/authlatch/sdk"
)

// newTransport trusts the system's roots and the bundle, and goes through the
// proxies of the environment (HTTPS_PROXY, NO_PROXY).
func newTransport(bundle []byte, clock Clock) (*transport, error) {
	roots, err := newRooted(bundle, func(roots *x509.CertPool) *http.Transport {
		// Not http.ProxyFromEnvironment: that reads the environment once a process.
		proxy := httpproxy.FromEnvironment().ProxyFunc()
		dialer := &net.Dialer{Timeout: dialTimeout}
		return &http.Transport{
			Proxy:               func(r *http.Request) (*url.URL, error) { return proxy(r.URL) },
			DialContext:         dialer.DialContext,
			TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
			TLSHandshakeTimeout: dialTimeout,
			ForceAttemptHTTP2:   true,
			MaxIdleConns:        4, // authority, federation server, instance discovery
			IdleConnTimeout:     90 * time.Second,
			// Headers are bounded as bodies are; Entra ID's are about 2 KiB.
			MaxResponseHeaderBytes: 256 << 10,
		}
	})
	if err != nil {
		return nil, err
	}
	return &transport{clock: clock, roundTripper: roots}, nil
}

// dialTimeout bounds connecting and the TLS handshake each.
const dialTimeout = 10 * time.Second

// tlsAlert is the Op of crypto/tls for an alert that the other end sent.
const tlsAlert = "remote error"

var errTooLarge = errors.New("the answer is larger than 1 MiB")

// fault is an exchange that did not end in a whole answer.
type fault struct {
	err    error
	sent   bool // the request may have arrived
	status int  // of an answer whose body broke off; else 0
}

// transient reports whether trying again soon may help: broken connections and
// time-outs, but neither names that do not exist nor ports that nobody listens on.
func (f *fault) transient() bool {
	var certificate *tls.CertificateVerificationError
	var dns *net.DNSError
	var op *net.OpError
	switch {
	case errors.Is(f.err, errTooLarge), errors.As(f.err, &certificate):
		return false
	case errors.As(f.err, &dns):
		return dns.IsTemporary || dns.IsTimeout
	case errors.As(f.err, &op) && op.Op == "dial":
		return op.Timeout()
	case errors.As(f.err, &op) && op.Op == tlsAlert:
		return false
	}
	var notTLS tls.RecordHeaderError
	return !errors.As(f.err, &notTLS)
}

// sdkError says in one sentence what went wrong with which host. None of it is a
// reason to ask a person to sign in.
func (f *fault) sdkError(host string) *sdk.Error {
	reason := flowv1.ReasonTemporarilyUnavailable
	var certificate *tls.CertificateVerificationError
	if errors.As(f.err, &certificate) {
		reason = flowv1.ReasonUntrustedCertificate
	}
	return &sdk.Error{Reason: reason, Message: f.message(sanitize.Line(host, 200)), Err: f.err}
}

func (f *fault) message(host string) string {
	var (
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
		cert     *tls.CertificateVerificationError
		dns      *net.DNSError
		op       *net.OpError
		timeout  interface{ Timeout() bool }
		notTLS   tls.RecordHeaderError
	)
	switch {
	case errors.Is(f.err, errTooLarge):
		return fmt.Sprintf("the answer of %s is larger than 1 MiB", host)
	case errors.As(f.err, &unknown):
		return fmt.Sprintf("the certificate of %s is not trusted", host)
	case errors.As(f.err, &hostname):
		return fmt.Sprintf("the certificate of %s is for another host", host)
	case errors.As(f.err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Sprintf("the certificate of %s has expired or is not valid yet: check this machine's clock", host)
	case errors.As(f.err, &cert):
		return fmt.Sprintf("the certificate of %s is not valid", host)
	case errors.As(f.err, &notTLS):
		return fmt.Sprintf("%s does not speak TLS", host)
	case errors.As(f.err, &dns) && dns.IsNotFound:
		return fmt.Sprintf("there is no host %s", sanitize.Line(dns.Name, 200))
	case errors.Is(f.err, errTooSlow), errors.As(f.err, &timeout) && timeout.Timeout():
		return fmt.Sprintf("%s did not answer in time", host)
	case errors.As(f.err, &op) && op.Op == tlsAlert:
		return fmt.Sprintf("%s refused the TLS connection: %s", host, sanitize.Line(lastError(op), 100))
	case errors.As(f.err, &op) && op.Op == "proxyconnect":
		return fmt.Sprintf("the proxy on the way to %s cannot be reached", host)
	case errors.As(f.err, &op) && op.Op == "dial":
		return fmt.Sprintf("cannot connect to %s: %s", host, sanitize.Line(lastError(op), 100))
	case errors.Is(f.err, io.ErrUnexpectedEOF) && f.status != 0:
		return fmt.Sprintf("the answer of %s broke off", host)
	}
	return fmt.Sprintf("the connection to %s broke", host)
}

// lastError is the system's own words, such as "connection refused".
func lastError(err error) string {
	for next := err; next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return strings.TrimPrefix(err.Error(), "connect: ")
}
