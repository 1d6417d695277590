package entra

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/authlatch/authlatch/sdk"
)

// A bundle adds to the system's roots and takes nothing away: a server that only
// those know is still trusted, and its request arrives whole, once.
func TestSystemRootsBesideABundle(t *testing.T) {
	if url := os.Getenv("ROOTED_URL"); url != "" {
		postBesideABundle(t, url)
		return
	}
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		t.Skip("the system's roots cannot be chosen here")
	}
	var bodies []string
	server, ca := tlsServer(t, func(_ http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		bodies = append(bodies, r.PostForm.Encode())
	})
	file := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(file, ca, 0o600); err != nil {
		t.Fatal(err)
	}
	// crypto/x509 reads the system's roots once a process.
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSystemRootsBesideABundle$")
	child.Env = append(os.Environ(), "ROOTED_URL="+server.URL, "SSL_CERT_FILE="+file)
	if out, err := child.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if want := "a=1,a=2"; strings.Join(bodies, ",") != want {
		t.Errorf("the server was sent %q, want %s", bodies, want)
	}
}

func postBesideABundle(t *testing.T, url string) {
	other := selfSigned(t)
	tr, err := newTransport(other, systemClock{})
	if err != nil {
		t.Fatal(err)
	}
	defer tr.CloseIdleConnections()
	for _, body := range []string{"a=1", "a=2"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		c := &call{ctx: t.Context(), req: req, body: []byte(body)}
		if ans, fault := tr.attempt(c); fault != nil || !ans.ok() {
			t.Fatalf("%v", fault)
		}
	}
}

// The system's one file is enough for nearly every server; its directories are
// looked into only for one that shows another root, and then they count as well.
func TestTheSystemsBundleComesFirst(t *testing.T) {
	if url := os.Getenv("BUNDLED_URL"); url != "" {
		getByTheSystemsRoots(t, url, os.Getenv("BUNDLED_WIDE") == "1")
		return
	}
	if runtime.GOOS != "linux" {
		t.Skip("there is no such file here")
	}
	server, ca := tlsServer(t, func(http.ResponseWriter, *http.Request) {})
	dir, other := t.TempDir(), t.TempDir()
	for file, pem := range map[string][]byte{
		filepath.Join(dir, "ca.pem"): ca, filepath.Join(other, "other.pem"): selfSigned(t), filepath.Join(other, "none.pem"): []byte("none"),
	} {
		if err := os.WriteFile(file, pem, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct{ file, dir, wide string }{
		"the root is in the file":       {filepath.Join(dir, "ca.pem"), other, "0"},
		"the root is in the directory":  {filepath.Join(other, "other.pem"), dir, "1"},
		"the file holds no certificate": {filepath.Join(other, "none.pem"), dir, "1"},
		"there is no such file":         {filepath.Join(other, "absent.pem"), dir, "1"},
	} {
		t.Run(name, func(t *testing.T) {
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestTheSystemsBundleComesFirst$")
			child.Env = append(os.Environ(), "BUNDLED_URL="+server.URL, "BUNDLED_WIDE="+c.wide, "SSL_CERT_FILE="+c.file, "SSL_CERT_DIR="+c.dir)
			if out, err := child.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

func getByTheSystemsRoots(t *testing.T, url string, wide bool) {
	Prepare(sdk.Ahead{})
	tr, err := newTransport(nil, systemClock{})
	if err != nil {
		t.Fatal(err)
	}
	defer tr.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if ans, fault := tr.attempt(&call{ctx: t.Context(), req: req}); fault != nil || !ans.ok() {
		t.Fatalf("%v", fault)
	}
	if got := tr.roundTripper.(*rooted).widened.Load(); got != wide {
		t.Errorf("all of the system's roots were used: %t, want %t", got, wide)
	}
}

// With a bundle whose roots the servers' certificates are of, the system's are
// not read at all.
func TestABundleThatSufficesIsAllThatIsUsed(t *testing.T) {
	server, ca := tlsServer(t, func(http.ResponseWriter, *http.Request) {})
	r, err := newRooted(ca, func(roots *x509.CertPool) *http.Transport {
		return &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer r.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := r.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if r.widened.Load() {
		t.Error("the system's roots were read")
	}
}

// selfSigned is a root that has signed nothing else.
func selfSigned(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	root := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, root, root, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
