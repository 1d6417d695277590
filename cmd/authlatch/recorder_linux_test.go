package main_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/authlatch/authlatch/emulator"
)

// recorder stands before an emulator and remembers every secret that passes:
// the emulator's own journal holds none. It listens on the emulator's port at
// 127.0.0.2, which every Linux has, and the emulator answers under that name.
type recorder struct {
	url string
	ca  []byte

	mu sync.Mutex
	// secrets by what they are; access tokens are the only ones that may be on
	// stdout.
	secrets, access map[string]string
}

func startRecorder(ts *testscript.TestScript, server *emulator.Server) *recorder {
	behind, err := url.Parse(server.URL())
	ts.Check(err)
	address := net.JoinHostPort(recorderHost, behind.Port())
	listener, err := net.Listen("tcp", address)
	ts.Check(err)
	certificate, ca, err := certify()
	ts.Check(err)
	r := &recorder{url: "https://" + address, ca: ca, secrets: map[string]string{}, access: map[string]string{}}
	front := httptest.NewUnstartedServer(r.before(server))
	_ = front.Listener.Close()
	front.Listener = listener
	front.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	front.StartTLS()
	ts.Defer(front.Close)
	return r
}

func (r *recorder) before(server http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(io.LimitReader(q.Body, 1<<20))
		if err != nil {
			return
		}
		if form, err := url.ParseQuery(string(body)); err == nil {
			for _, name := range []string{"password", "passwd", "code", "code_verifier", "refresh_token", "device_code", "assertion"} {
				r.note(r.secrets, name, form.Get(name))
			}
		}
		q.Body = io.NopCloser(bytes.NewReader(body))
		server.ServeHTTP(&noting{ResponseWriter: w, recorder: r}, q)
	})
}

// noting passes an answer on and reads it, before the client can.
type noting struct {
	http.ResponseWriter
	recorder *recorder
	seen     []byte
}

func (n *noting) Write(p []byte) (int, error) {
	if len(n.seen) < 64<<10 { // a token answer is a few KiB, a fault's has no end
		n.seen = append(n.seen, p...)
		n.recorder.readAnswer(n.seen)
	}
	return n.ResponseWriter.Write(p)
}

// Unwrap is for faults, which cut connections.
func (n *noting) Unwrap() http.ResponseWriter { return n.ResponseWriter }

// readAnswer finds tokens in an answer, also in one that is spoilt.
func (r *recorder) readAnswer(body []byte) {
	for _, name := range []string{"access_token", "refresh_token", "id_token", "device_code"} {
		_, rest, ok := bytes.Cut(body, []byte(`"`+name+`"`))
		if !ok {
			continue
		}
		var value string
		_, rest, _ = bytes.Cut(rest, []byte(":"))
		if json.NewDecoder(bytes.NewReader(rest)).Decode(&value) != nil {
			continue
		}
		if name == "access_token" {
			r.note(r.access, name, value)
		} else {
			r.note(r.secrets, name, value)
		}
	}
}

func (r *recorder) note(kind map[string]string, name, value string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(value) >= 8 {
		kind[value] = name
	}
}

// found names the first secret in a text: as it is, or as URLs and base64 have
// it.
func (r *recorder) found(text string, withAccess bool) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	kinds := []map[string]string{r.secrets}
	if withAccess {
		kinds = append(kinds, r.access)
	}
	for _, kind := range kinds {
		for secret, name := range kind {
			for _, form := range []string{
				secret, url.QueryEscape(secret),
				base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)),
			} {
				if strings.Contains(text, form) {
					return name
				}
			}
		}
	}
	return ""
}

// counted says how many secrets of a name have passed.
func (r *recorder) counted(name string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, kind := range []map[string]string{r.secrets, r.access} {
		for _, v := range kind {
			if v == name {
				n++
			}
		}
	}
	return n
}

// certify makes a certificate of the recorder's own, which is its CA as well.
func certify() (tls.Certificate, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "recorder"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.ParseIP(recorderHost)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}
