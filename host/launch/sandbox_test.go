//go:build unix

package launch

import (
	"slices"
	"testing"

	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

func TestPorts(t *testing.T) {
	for name, c := range map[string]struct {
		authority       string
		env             []string
		options         map[string]string
		connect, listen []int
	}{
		"a cloud":                  {authority: "https://login.microsoftonline.com/common", connect: []int{53, 443}},
		"an authority with a port": {authority: "https://localhost:8443/tenant", connect: []int{53, 443, 8443}},
		"proxies": {
			authority: "https://login.microsoftonline.com",
			env:       []string{"https_proxy=http://zoe:p@proxy.example:3128", "ALL_PROXY=socks5://proxy.example", "HTTP_PROXY=proxy.example", "NO_PROXY=example.com:99", "TZ=http://x:7"},
			connect:   []int{53, 80, 443, 1080, 3128},
		},
		"nonsense": {
			authority: "://", env: []string{"HTTPS_PROXY=http://proxy:99999", "HTTP_PROXY="}, connect: []int{53, 443},
			options: map[string]string{"redirect_port": "x", "redirect_uri": "http://localhost"},
		},
		"a fixed redirect":     {options: map[string]string{"redirect_port": "8400"}, connect: []int{53, 443}, listen: []int{8400}},
		"a fixed redirect URI": {options: map[string]string{"redirect_uri": "http://localhost:8400/back", "port": "1"}, connect: []int{53, 443}, listen: []int{8400}},
	} {
		start := &flowv1.Start{Authority: c.authority, Options: c.options}
		if got := connectPorts(start, c.env); !slices.Equal(got, c.connect) {
			t.Errorf("%s: connects to %v, want %v", name, got, c.connect)
		}
		if got := listenPorts(start); !slices.Equal(got, c.listen) {
			t.Errorf("%s: listens on %v, want %v", name, got, c.listen)
		}
	}
}

func TestPolicy(t *testing.T) {
	env := []string{"SSL_CERT_FILE=/home/zoe/ca.pem", "SSL_CERT_DIR=/certs:relative", "HTTPS_PROXY=http://proxy:3128"}
	l := Launcher{Loosen: Loosening{Ports: []int{88}, Read: []string{"/etc/krb5.conf"}}}
	// Describe needs no network.
	p := l.policy(&image{files: "/tmp/files"}, "/flow", "/tmp/own", env, nil)
	if want := []string{"/etc/krb5.conf", "/home/zoe/ca.pem", "/certs", "/tmp/files"}; !slices.Equal(p.Read, want) {
		t.Errorf("reads %q, want %q", p.Read, want)
	}
	if !slices.Equal(p.Connect, []int{88}) || len(p.Listen) != 0 || p.Datagrams {
		t.Errorf("Describe gets %+v", p)
	}
	if l.Loosen.Off = true; l.policy(&image{}, "/flow", "/tmp/own", nil, nil) != nil {
		t.Error("a sandbox that is turned off is on")
	}
}
