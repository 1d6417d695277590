package launch

import (
	"log/slog"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/authlatch/authlatch/host/launch/internal/sandbox"
	"github.com/authlatch/authlatch/internal/sanitize"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// Sandbox says what of the sandbox holds; docs/threat-model.md says what it is.
type Sandbox struct {
	// Landlock is the version of the interface that is used; 0 is none.
	Landlock int
	// Seccomp says that system calls are filtered.
	Seccomp bool
	// Missing names what is not restricted here; nil if nothing is missing.
	Missing []string
}

// SandboxStatus finds out what of the sandbox holds for flows that are launched
// here. It tries once per process.
func SandboxStatus() Sandbox { return Sandbox(sandbox.Probe()) }

// Loosening opens the sandbox for a flow that needs more than flows do. Nothing
// in authlatch sets it of its own accord.
type Loosening struct {
	// Off launches without a sandbox: for debugging a flow.
	Off bool
	// UDP allows datagrams from and to any port.
	UDP bool
	// Ports may be connected to besides those of the request.
	Ports []int
	// Read are files and directories that may be read; absolute paths.
	Read []string
}

// policy is what b's process may do for start, which is nil for Describe. nil is
// no sandbox.
func (l *Launcher) policy(i *image, path, dir string, env []string, start *flowv1.Start) *sandbox.Policy {
	if l.Loosen.Off {
		return nil
	}
	p := &sandbox.Policy{
		Program: path, Dir: dir, Datagrams: l.Loosen.UDP,
		Read:    slices.Concat(l.Loosen.Read, rootsOf(env)),
		Connect: slices.Clone(l.Loosen.Ports),
	}
	if i.files != "" {
		p.Read = append(p.Read, i.files)
	}
	if in := i.interpreter(); in != "" {
		// Its own library: /usr/bin/python3 reads /usr/lib/python3.
		p.Read = append(p.Read, filepath.Join(filepath.Dir(filepath.Dir(in)), "lib"), "/usr/share")
	}
	if start != nil {
		p.Connect = append(p.Connect, connectPorts(start, env)...)
		p.Listen = listenPorts(start)
	}
	return p
}

// rootsOf are the TLS roots that the environment names.
func rootsOf(env []string) []string {
	var paths []string
	for _, kv := range env {
		switch name, value, _ := strings.Cut(kv, "="); name {
		case "SSL_CERT_FILE":
			paths = append(paths, value)
		case "SSL_CERT_DIR":
			paths = append(paths, filepath.SplitList(value)...)
		}
	}
	return slices.DeleteFunc(paths, func(p string) bool { return !filepath.IsAbs(p) })
}

// Ports that flows connect to beside those that the request and the environment
// name: Microsoft's clouds, whose other hosts an authority leads to, and name
// servers, which are asked by TCP too.
const (
	portHTTPS = 443
	portDNS   = 53
)

// connectPorts are the ports that a request needs.
func connectPorts(start *flowv1.Start, env []string) []int {
	ports := []int{portHTTPS, portDNS}
	ports = append(ports, urlPort(start.GetAuthority()))
	for _, kv := range env {
		name, value, _ := strings.Cut(kv, "=")
		upper := strings.ToUpper(name)
		if value == "" || !strings.HasSuffix(upper, "_PROXY") || upper == "NO_PROXY" {
			continue
		}
		if !strings.Contains(value, "://") {
			value = "http://" + value
		}
		ports = append(ports, urlPort(value))
	}
	slices.Sort(ports)
	return slices.DeleteFunc(slices.Compact(ports), func(p int) bool { return p == 0 })
}

// defaultPorts are those of the schemes of authorities and proxies.
var defaultPorts = map[string]int{"http": 80, "https": portHTTPS, "socks5": 1080, "socks5h": 1080}

// urlPort is 0 if the address names no port that a flow could use.
func urlPort(address string) int {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return 0
	}
	if u.Port() == "" {
		return defaultPorts[strings.ToLower(u.Scheme)]
	}
	return port(u.Port())
}

func port(s string) int {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return 0
	}
	return int(n)
}

// listenPorts are the fixed ports of the loopback interface that a request names
// in the options which the protocol has for it.
func listenPorts(start *flowv1.Start) []int {
	ports := []int{port(start.GetOptions()[flowv1.OptionRedirectPort])}
	if u, err := url.Parse(start.GetOptions()[flowv1.OptionRedirectURI]); err == nil {
		ports = append(ports, port(u.Port()))
	}
	return slices.DeleteFunc(ports, func(p int) bool { return p == 0 })
}

// logSandbox says what held for one launch.
func (p *process) logSandbox() {
	log, h := p.out.log, p.held
	if log == nil {
		return
	}
	args := []any{"landlock", h.Landlock, "seccomp", h.Seccomp}
	if len(h.Missing) > 0 {
		args = append(args, "missing", strings.Join(h.Missing, ", "))
	}
	log.Info("sandbox", args...)
}

// logLoosening says how a launcher opened the sandbox.
func (l *Launcher) logLoosening(log *slog.Logger) {
	if log == nil {
		return
	}
	switch o := l.Loosen; {
	case o.Off:
		log.Warn("the sandbox is turned off")
	case o.UDP || len(o.Ports) > 0 || len(o.Read) > 0:
		log.Warn("the sandbox is loosened", "udp", o.UDP, "ports", o.Ports, "read", sanitize.Line(strings.Join(o.Read, " "), maxWhat))
	}
}
