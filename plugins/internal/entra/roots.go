package entra

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/authlatch/authlatch/internal/sanitize"
)

// rooted trusts the system's roots and those of a bundle. Reading all of the
// system's takes longer than all else that a process does before its first
// request, so they are read only when a server has shown a certificate that is
// not of the few which nearly always do: those of the bundle, which is there
// because the servers' certificates are of its roots, or without one those of the
// system's own bundle, which the system's directories repeat one by one.
type rooted struct {
	bundle []*x509.Certificate
	// narrow trusts the few; nil if there are none. wide trusts all.
	narrow, wide *http.Transport

	reading sync.WaitGroup
	widen   sync.Once
	widened atomic.Bool
}

// newRooted makes a rooted of transports that trust what dial is given, nil
// being the system's roots. It fails for a bundle that cannot be read.
func newRooted(bundle []byte, dial func(roots *x509.CertPool) *http.Transport) (*rooted, error) {
	r := &rooted{wide: dial(nil)}
	if len(bundle) > 0 {
		var err error
		if r.bundle, err = parseBundle(bundle); err != nil {
			return nil, err
		}
		r.narrow = dial(r.pool(x509.NewCertPool()))
		return r, nil
	}
	if few := systemBundle(); few != nil {
		r.narrow = dial(few)
		return r, nil
	}
	r.widened.Store(true)
	r.reading.Go(func() { _, _ = x509.SystemCertPool() }) // crypto/x509 keeps them
	return r, nil
}

func (r *rooted) pool(p *x509.CertPool) *x509.CertPool {
	for _, c := range r.bundle {
		p.AddCert(c)
	}
	return p
}

// RoundTrip needs req.GetBody of a request with a body.
func (r *rooted) RoundTrip(req *http.Request) (*http.Response, error) {
	if !r.widened.Load() {
		resp, err := r.narrow.RoundTrip(req)
		var untrusted *tls.CertificateVerificationError
		if !errors.As(err, &untrusted) {
			return resp, err
		}
		// Nothing has been sent. The same server again, and whoever comes next.
		r.widen.Do(r.trustAll)
		if req.Body != nil {
			body, err := req.GetBody()
			if err != nil {
				return nil, err
			}
			req = req.Clone(req.Context())
			req.Body = body
		}
	}
	return r.wide.RoundTrip(req)
}

func (r *rooted) trustAll() {
	system, err := x509.SystemCertPool()
	if err != nil {
		system = x509.NewCertPool() // no readable system roots: the bundle alone
	}
	r.wide.TLSClientConfig.RootCAs = r.pool(system)
	r.widened.Store(true)
}

// CloseIdleConnections ends what is under way behind the requests' backs.
func (r *rooted) CloseIdleConnections() {
	r.reading.Wait()
	if r.narrow != nil {
		r.narrow.CloseIdleConnections()
	}
	r.wide.CloseIdleConnections()
}

// parseBundle reads every certificate of a PEM bundle, and is stricter than
// AppendCertsFromPEM: a bundle with a damaged certificate is refused, because
// what follows would be a certificate error that names the wrong cause.
func parseBundle(bundle []byte) ([]*x509.Certificate, error) {
	if len(bundle) == 0 {
		return nil, nil
	}
	var all []*x509.Certificate
	for rest := bundle; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, invalidRequest("ca_file holds a PEM block that is not a certificate: %s", sanitize.Line(block.Type, 50))
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, invalidRequest("certificate %d in ca_file is damaged", len(all)+1)
		}
		all = append(all, cert)
	}
	if len(all) == 0 {
		return nil, invalidRequest("ca_file holds no PEM certificate")
	}
	return all, nil
}
