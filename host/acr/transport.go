package acr

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/http/httpproxy"
)

// dialTimeout bounds connecting and the TLS handshake each.
const dialTimeout = 10 * time.Second

// transport trusts the system's roots and the bundle and goes through the proxies
// of the environment, as the flows do. It keeps no connection: there is one request.
func (c *Client) transport(registry string) (*http.Transport, error) {
	var roots *x509.CertPool // nil is the system's
	if len(c.Roots) > 0 {
		var err error
		if roots, err = x509.SystemCertPool(); err != nil {
			roots = x509.NewCertPool() // no readable system roots: the bundle alone
		}
		if !roots.AppendCertsFromPEM(c.Roots) {
			return nil, &Error{Registry: registry, What: "cannot be asked: ca_file holds no PEM certificate", Status: -1}
		}
	}
	// Not http.ProxyFromEnvironment: that reads the environment once a process.
	proxy := httpproxy.FromEnvironment().ProxyFunc()
	dialer := &net.Dialer{Timeout: dialTimeout}
	return &http.Transport{
		Proxy:                  func(r *http.Request) (*url.URL, error) { return proxy(r.URL) },
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		TLSHandshakeTimeout:    dialTimeout,
		DisableKeepAlives:      true,
		MaxResponseHeaderBytes: maxBody,
	}, nil
}

func read(registry string, resp *http.Response) ([]byte, *Error) {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err != nil {
		return nil, &Error{Registry: registry, What: "broke off its answer", Err: err, again: true}
	}
	if len(body) > maxBody {
		return nil, &Error{Registry: registry, Status: resp.StatusCode, What: "answered too much"}
	}
	return body, nil
}

// expiry reads a JWT's exp (RFC 7519 section 4.1.4). The signature is the registry's
// own business: the token goes back to where it came from.
func expiry(jwt string) (time.Time, bool) {
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		return time.Time{}, false
	}
	var payload []byte
	for i, part := range parts {
		b, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil || len(b) == 0 || strings.ContainsAny(part, "\r\n") { // which the decoder skips
			return time.Time{}, false
		}
		if i == 1 {
			payload = b
		}
	}
	var claims struct {
		Expires float64 `json:"exp"`
	}
	// A number beyond the year 9999 is no time.
	if json.Unmarshal(payload, &claims) != nil || claims.Expires < 1 || claims.Expires > 253402300799 {
		return time.Time{}, false
	}
	return time.Unix(int64(claims.Expires), 0), true
}
