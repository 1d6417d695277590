package config

import (
	"strconv"
	"strings"
)

// address is an https URL of a host, with nothing in it that two readers could
// take for two things.
type address struct {
	host string // with the port, if any; IPv6 in brackets
	path string // "" or from its first slash on
}

// parseHTTPS takes "https://HOST[:PORT][/PATH]" and says what is wrong with
// anything else. net/url takes much more, and its start costs the helpers.
func parseHTTPS(s string) (u address, problem string) {
	rest, ok := strings.CutPrefix(s, "https://")
	switch {
	case !ok && strings.Contains(s, "://"):
		return u, "must be an https URL"
	case !ok || len(s) > 2048:
		return u, "is not an https URL"
	case strings.ContainsAny(rest, "?#"):
		return u, "must not hold a query or a fragment"
	}
	u.host = rest
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		u.host, u.path = rest[:i], rest[i:]
	}
	if strings.Contains(u.host, "@") {
		return u, "must not hold a user name"
	}
	name, port, ok := splitPort(u.host)
	if !ok || !isHost(name) || !isPort(port) {
		return u, "does not name a host (ASCII, without a final dot)"
	}
	if path := strings.Trim(u.path, "/"); path != "" {
		for segment := range strings.SplitSeq(path, "/") {
			if segment == "" || segment == "." || segment == ".." ||
				!only(segment, func(c byte) bool { return alnum(c) || strings.IndexByte("-._~!$&'()*+,;=:@", c) >= 0 }) {
				return u, "has a path with escapes, dots or empty parts in it"
			}
		}
	}
	return u, ""
}

// splitPort splits HOST, HOST:PORT, [V6] and [V6]:PORT; port has its colon.
func splitPort(host string) (name, port string, ok bool) {
	if rest, v6 := strings.CutPrefix(host, "["); v6 {
		name, port, ok = strings.Cut(rest, "]")
		return name, port, ok && strings.Contains(name, ":")
	}
	if i := strings.IndexByte(host, ':'); i >= 0 {
		return host[:i], host[i:], true
	}
	return host, "", true
}

func isPort(s string) bool {
	if s == "" {
		return true
	}
	n, err := strconv.Atoi(s[1:])
	return err == nil && s[0] == ':' && n > 0 && n < 65536 && only(s[1:], digit)
}

// isHost takes a name of letters, digits, dashes and underscores, or an IP
// address.
func isHost(s string) bool {
	if strings.Contains(s, ":") {
		return only(s, func(c byte) bool { return digit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' || c == ':' || c == '.' })
	}
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			!only(label, func(c byte) bool { return alnum(c) || c == '-' || c == '_' }) {
			return false
		}
	}
	return true
}

// canonicalURL lowers the host, drops the default port and trailing slashes.
// s has passed parseHTTPS.
func canonicalURL(s string) string {
	u, problem := parseHTTPS(s)
	if problem != "" {
		return s
	}
	return "https://" + strings.TrimSuffix(strings.ToLower(u.host), ":443") + strings.TrimRight(u.path, "/")
}
