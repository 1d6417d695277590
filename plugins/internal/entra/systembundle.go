package entra

import (
	"crypto/x509"
	"os"
	"runtime"
	"sync"

	"github.com/authlatch/authlatch/sdk"
)

// systemBundles is where Linux systems keep all of their roots in one file, in the
// order of crypto/x509: the first that can be read is the system's.
var systemBundles = []string{
	"/etc/ssl/certs/ca-certificates.crt",                // Debian, Arch, Gentoo
	"/etc/pki/tls/certs/ca-bundle.crt",                  // Fedora, RHEL 6
	"/etc/ssl/ca-bundle.pem",                            // openSUSE
	"/etc/pki/tls/cacert.pem",                           // OpenELEC
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // RHEL 7
	"/etc/ssl/cert.pem",                                 // Alpine
}

// systemBundle is the roots of that file, or of the one that SSL_CERT_FILE names
// instead, read once a process as crypto/x509 does with all; nil where there is
// none. They are part of the system's roots, never more than those. Nobody may
// add to them.
var systemBundle = sync.OnceValue(func() *x509.CertPool {
	if runtime.GOOS != "linux" {
		return nil // the system itself judges certificates, or has other files
	}
	files := systemBundles
	if named := os.Getenv("SSL_CERT_FILE"); named != "" {
		files = []string{named}
	}
	for _, file := range files {
		bundle, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		if roots := x509.NewCertPool(); roots.AppendCertsFromPEM(bundle) {
			return roots
		}
		return nil
	}
	return nil
})

// Prepare reads the roots ahead if the request will need them.
func Prepare(ahead sdk.Ahead) {
	if !ahead.CABundle {
		systemBundle()
	}
}
