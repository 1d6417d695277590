package config

import (
	"strings"
	"unicode/utf8"
)

// Address is where a tool wants to send a credential, as one https URL says it.
type Address struct {
	// Host is in lower case, ASCII, without a final dot; IPv6 is in brackets.
	Host string
	// Port is "" for 443.
	Port string
	// Path is unescaped, without its first and last slashes; "" is none.
	Path string
}

// maxAddress bounds an address: browsers stop at 2,048 characters, too.
const maxAddress = 2048

// ParseAddress takes "https://HOST[:PORT][/PATH][?QUERY]", and without a scheme
// "HOST[:PORT][/PATH]". It refuses whatever two readers could take for two hosts:
// other schemes, user names, escapes and non-ASCII letters in the host, final
// dots, backslashes, fragments, control characters. Its error is a policy *Error whose Key is
// "address", and which quotes nothing.
func ParseAddress(s string) (Address, error) {
	rest, schemed := strings.CutPrefix(s, "https://")
	problem := ""
	switch {
	case len(s) > maxAddress:
		problem = "is longer than 2048 characters"
	case !schemed && strings.Contains(s, "://"):
		problem = "is not an https URL"
	case strings.Contains(s, "#"):
		problem = "holds a fragment"
	case strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' || r == utf8.RuneError }):
		problem = "holds a control character or a backslash"
	}
	if problem != "" {
		return Address{}, badAddress(problem)
	}
	rest, _, _ = strings.Cut(rest, "?")
	host, path, _ := strings.Cut(rest, "/")
	u, problem := parseHTTPS("https://" + host)
	if problem != "" {
		return Address{}, badAddress(problem)
	}
	name, port, _ := splitPort(u.host)
	a := Address{Host: strings.ToLower(name), Port: strings.TrimPrefix(port, ":")}
	if strings.Contains(name, ":") {
		a.Host = "[" + a.Host + "]"
	}
	if a.Port == "443" {
		a.Port = ""
	}
	if a.Path, problem = plainPath(path); problem != "" {
		return Address{}, badAddress(problem)
	}
	return a, nil
}

func badAddress(problem string) error {
	return &Error{Key: "address", Problem: problem, Policy: true}
}

// HostPort is the host, with the port unless that is 443.
func (a Address) HostPort() string {
	if a.Port == "" {
		return a.Host
	}
	return a.Host + ":" + a.Port
}

// String is the address as rules are matched with it.
func (a Address) String() string {
	if a.Path == "" {
		return a.HostPort()
	}
	return a.HostPort() + "/" + a.Path
}

// plainPath unescapes a path whose every part is one for all who read it.
func plainPath(path string) (plain, problem string) {
	path = strings.TrimRight(path, "/")
	if path == "" {
		return "", ""
	}
	var parts []string
	for part := range strings.SplitSeq(path, "/") {
		part, ok := unescape(part)
		if !ok || part == "" || part == "." || part == ".." || strings.ContainsAny(part, `/\`) || !utf8.ValidString(part) ||
			strings.ContainsFunc(part, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return "", "has a path with dots, empty parts or misleading escapes in it"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "/"), ""
}

// unescape is RFC 3986 section 2.1.
func unescape(s string) (string, bool) {
	if !strings.Contains(s, "%") {
		return s, true
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", false
		}
		high, ok1 := hexDigit(s[i+1])
		low, ok2 := hexDigit(s[i+2])
		if !ok1 || !ok2 {
			return "", false
		}
		b.WriteByte(high<<4 | low)
		i += 2
	}
	return b.String(), true
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case digit(c):
		return c - '0', true
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}
