package acr

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/authlatch/authlatch/internal/sanitize"
)

// maxMessage bounds what is shown of a registry's own words, in characters.
const maxMessage = 300

// Error is an exchange that brought no token. Its text holds no secret.
type Error struct {
	Registry string
	// Status is the answer's; 0 if there was none.
	Status int
	// What happened, in words that follow the registry's name.
	What string
	// Message is the registry's own, one line; may be "".
	Message    string
	RetryAfter time.Duration
	// Untrusted says that the server's certificate is not trusted: nothing was sent.
	Untrusted bool
	Err       error

	again bool // soon may help
}

func (e *Error) Error() string {
	text := "the registry " + sanitize.Line(e.Registry, maxMessage) + " " + e.What
	if e.Status >= 300 {
		text += " (HTTP " + strconv.Itoa(e.Status) + ")"
	}
	return text
}

func (e *Error) Unwrap() error { return e.Err }

// Temporary says that it may work later.
func (e *Error) Temporary() bool {
	return e.again || e.Status == 0 || e.Status == http.StatusTooManyRequests || e.Status >= 500
}

// unreachable is the error for a request that got no answer.
func unreachable(registry string, err error) *Error {
	e := &Error{Registry: registry, Err: err, again: true}
	var (
		cert    *tls.CertificateVerificationError
		unknown x509.UnknownAuthorityError
		dns     *net.DNSError
		op      *net.OpError
		notTLS  tls.RecordHeaderError
		timeout interface{ Timeout() bool }
	)
	switch {
	case errors.As(err, &unknown):
		e.What, e.Untrusted, e.again = "shows a certificate that is not trusted", true, false
	case errors.As(err, &cert):
		e.What, e.Untrusted, e.again = "shows a certificate that is not valid for it", true, false
	case errors.As(err, &notTLS):
		e.What, e.again = "does not speak TLS", false
	case errors.As(err, &dns) && dns.IsNotFound:
		e.What, e.again = "does not exist in the DNS", false
	case errors.As(err, &timeout) && timeout.Timeout():
		e.What = "did not answer in time"
	case errors.As(err, &op) && op.Op == "proxyconnect":
		e.What = "is behind a proxy that cannot be reached"
	case errors.As(err, &op) && op.Op == "dial":
		e.What, e.again = "cannot be connected to", false
	default:
		e.What = "broke the connection"
	}
	return e
}

// retryAfter reads the header (RFC 9110 section 10.2.3): at least 0, a day at most.
func retryAfter(v string, now time.Time) time.Duration {
	v = strings.TrimSpace(v)
	if n, err := strconv.Atoi(v); err == nil {
		return time.Duration(min(max(n, 0), 24*60*60)) * time.Second
	}
	if at, err := http.ParseTime(v); err == nil {
		return min(max(at.Sub(now), 0), 24*time.Hour)
	}
	return 0
}
