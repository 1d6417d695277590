package launch

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/authlatch/authlatch/internal/handshake"
	"github.com/authlatch/authlatch/internal/sanitize"
)

// maxHandshakeLine bounds the first line on stdout. The longest honest one holds
// a certificate of about 700 bytes in base64; Windows paths do not occur in it.
const maxHandshakeLine = 4 << 10

// coreProtocol is go-plugin's own version, which its handshake line begins with.
const coreProtocol = "1"

// checkHandshake reports what is wrong with a handshake line
//
//	core|version|network|address|protocol[|certificate[|…]]
//
// before go-plugin sees it. dir is the private socket directory; mtls says
// whether the flow was asked for a certificate. A certificate that nobody asked
// for makes go-plugin 1.8.0 dereference nil.
func checkHandshake(line, dir string, mtls bool) error {
	f := strings.Split(line, "|")
	if len(f) < 5 {
		return fmt.Errorf("wrote %q where its handshake should be", sanitize.Line(line, 80))
	}
	version, network, address, protocol, certificate := f[1], f[2], f[3], f[4], ""
	if len(f) > 5 {
		certificate = f[5]
	}
	switch {
	case f[0] != coreProtocol:
		return fmt.Errorf("speaks go-plugin's core protocol %q, not %s", sanitize.Line(f[0], 20), coreProtocol)
	case version != strconv.Itoa(handshake.Version):
		return fmt.Errorf("speaks protocol version %q, not %d: rebuild it, or update authlatch", sanitize.Line(version, 20), handshake.Version)
	case protocol != "grpc":
		return fmt.Errorf("speaks %q, not grpc", sanitize.Line(protocol, 20))
	case certificate != "" && !mtls:
		return errors.New("sent a certificate that nobody asked for")
	case certificate == "" && mtls:
		return errors.New("sent no certificate, which AutoMTLS needs")
	}
	if err := checkAddress(network, address, dir); err != nil {
		return fmt.Errorf("%w: %s %q", err, sanitize.Line(network, 20), sanitize.Line(address, 120))
	}
	return nil
}

// checkAddress accepts a socket in dir, or on Windows a port of 127.0.0.1.
func checkAddress(network, address, dir string) error {
	if network != transport {
		return fmt.Errorf("listens on another network than %s", transport)
	}
	if network == "unix" {
		if filepath.Clean(address) != address || filepath.Dir(address) != dir {
			return errors.New("listens outside the directory it was given")
		}
		return nil
	}
	host, port, err := net.SplitHostPort(address)
	if n, perr := strconv.ParseUint(port, 10, 16); err != nil || host != "127.0.0.1" || perr != nil || n == 0 {
		return errors.New("listens elsewhere than on a port of 127.0.0.1")
	}
	return nil
}
