package loopback

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// PortError says that a port which the caller fixed cannot be listened on.
type PortError struct {
	Port int
	Err  error
}

func (e *PortError) Error() string {
	return fmt.Sprintf("port %d cannot be listened on: %v", e.Port, e.Err)
}

func (e *PortError) Unwrap() error { return e.Err }

// Target is where the provider sends its answer: an http URL on this machine.
type Target struct {
	Host string // "localhost", "127.0.0.1" or "[::1]"
	Port int    // 0: any free one
	Path string // escaped; "" is the same as "/"
}

// ParseTarget reads a redirect URI. Without a port it means any free one:
// providers ignore the port of a loopback redirect (RFC 8252 section 7.3). The
// error names what is wrong with the URI, not the URI.
func ParseTarget(redirectURI string) (Target, error) {
	u, err := url.Parse(redirectURI)
	if err != nil {
		return Target{}, errors.New("it is not a URL")
	}
	t := Target{Host: strings.ToLower(strings.TrimSuffix(u.Host, ":"+u.Port())), Path: u.EscapedPath()}
	switch {
	case u.Scheme != "http":
		return Target{}, errors.New("it must begin with http:// because it stays on this machine")
	case t.Host != "localhost" && t.Host != "127.0.0.1" && t.Host != "[::1]":
		return Target{}, errors.New("its host must be localhost, 127.0.0.1 or [::1]")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(redirectURI, "#"):
		return Target{}, errors.New("it must have nothing besides host, port and path")
	case !literal(t.Path):
		return Target{}, errors.New("its path must have no empty, . or .. segments: browsers resolve them")
	}
	if p := u.Port(); p != "" {
		if t.Port, err = strconv.Atoi(p); err != nil || t.Port < 1 || t.Port > 65535 {
			return Target{}, errors.New("its port must be between 1 and 65535")
		}
	}
	return t, nil
}

// literal reports whether a browser asks for an escaped path as it is written.
func literal(path string) bool {
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, s := range segments {
		switch strings.ReplaceAll(strings.ToLower(s), "%2e", ".") {
		case ".", "..":
			return false
		case "":
			if i != len(segments)-1 {
				return false
			}
		}
	}
	return true
}

// uri is the redirect URI at a port, as the provider gets it.
func (t Target) uri(port int) string {
	return "http://" + t.Host + ":" + strconv.Itoa(port) + t.Path
}

// bindTries: another program must take the same port of ::1 each time between
// two system calls; a machine on which that happens this often has none free.
const bindTries = 20

// bind listens on every address that t's host can mean, on one port.
func bind(ctx context.Context, t Target) ([]net.Listener, int, error) {
	switch t.Host {
	case "127.0.0.1", "[::1]":
		l, err := listen(ctx, t.Host, t.Port)
		if err != nil {
			return nil, 0, bindError(t, err)
		}
		return []net.Listener{l}, portOf(l), nil
	}
	// Browsers resolve localhost to either; who gets ::1's port would get the
	// answer, so it is taken too wherever there is one.
	six := hasIPv6(ctx)
	var err error
	for range bindTries {
		var l4, l6 net.Listener
		if l4, err = listen(ctx, "127.0.0.1", t.Port); err != nil {
			return nil, 0, bindError(t, err)
		}
		port := portOf(l4)
		if !six {
			return []net.Listener{l4}, port, nil
		}
		if l6, err = listen(ctx, "[::1]", port); err == nil {
			return []net.Listener{l4, l6}, port, nil
		}
		if errors.Is(err, fs.ErrPermission) {
			// A sandbox that grants ports one by one cannot know this one: as if
			// there were no ::1. Whoever has it gets a code without its verifier.
			return []net.Listener{l4}, port, nil
		}
		l4.Close()
		if t.Port != 0 || ctx.Err() != nil {
			break
		}
	}
	return nil, 0, bindError(t, err)
}

func bindError(t Target, err error) error {
	if t.Port != 0 {
		return &PortError{Port: t.Port, Err: err}
	}
	return fmt.Errorf("listening on the loopback interface: %w", err)
}

func listen(ctx context.Context, host string, port int) (net.Listener, error) {
	var lc net.ListenConfig
	// Go asks for MPTCP first, which a sandbox's rules for TCP do not see.
	lc.SetMultipathTCP(false)
	return lc.Listen(ctx, "tcp", host+":"+strconv.Itoa(port))
}

// hasIPv6 finds out whether ::1 is there at all, so that a taken port is not
// mistaken for a machine without it: the errors differ between systems.
func hasIPv6(ctx context.Context) bool {
	l, err := listen(ctx, "[::1]", 0)
	if err != nil {
		return false
	}
	l.Close()
	return true
}

func portOf(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }
