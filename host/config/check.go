package config

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// The checks say what is wrong with a value, in words that follow its key; ""
// is good. No regular expressions: compiling them costs a helper's start.

// shippedFlows are Entra ID's: for them, and only for them, the Azure CLI's
// client and AZURE_* variables are meant.
var shippedFlows = []string{"browser", "devicecode", "password"}

func allEntra(flows []string) bool {
	for _, f := range flows {
		if !slices.Contains(shippedFlows, f) {
			return false
		}
	}
	return true
}

func checkName(s string) string {
	if len(s) == 0 || len(s) > 64 || s[0] == '-' || s[0] == '_' || !only(s, func(c byte) bool { return alnum(c) || c == '-' || c == '_' }) {
		return "is 1 to 64 letters, digits, dashes and underscores and begins with a letter or digit"
	}
	return ""
}

func checkFlow(s string) string {
	if len(s) == 0 || len(s) > 64 || s[0] < 'a' || s[0] > 'z' || !only(s, func(c byte) bool { return lower(c) || c == '-' }) {
		return strconv.Quote(s) + " is no flow's name: lowercase letters, digits and dashes, a letter first"
	}
	return ""
}

func checkOptionName(s string) string {
	if len(s) == 0 || len(s) > 64 || s[0] < 'a' || s[0] > 'z' || !only(s, func(c byte) bool { return lower(c) || c == '_' }) {
		return "an option's name is in snake_case"
	}
	return ""
}

func checkVariable(s string) string {
	if len(s) > 256 || digit(s[0]) || !only(s, func(c byte) bool { return alnum(c) || c == '_' }) {
		return "is not a variable's name"
	}
	return ""
}

func checkCloud(s string) string {
	if _, ok := CloudByName(s); !ok {
		return "there is no cloud " + strconv.Quote(s) + "; known are " + strings.Join(cloudNames(), ", ")
	}
	return ""
}

// checkTenant: what Entra ID takes, or any word for another provider.
func checkTenant(s string, entra bool) string {
	if !entra {
		return checkText(s)
	}
	switch strings.ToLower(s) {
	case "organizations", "common", "consumers", "adfs":
		return ""
	}
	if isGUID(s) || isDomain(s) {
		return ""
	}
	return "must be a tenant id (a GUID), a domain name, organizations, common or consumers"
}

func checkClientID(s string, entra bool) string {
	if entra && !isGUID(s) {
		return "must be an application id (a GUID)"
	}
	return checkText(s)
}

func checkUsername(s string) string {
	if len(s) > 320 || strings.TrimSpace(s) != s || !printable(s) {
		return "must be one line without control characters or spaces around it"
	}
	return ""
}

// checkText takes one line without spaces at its ends.
func checkText(s string) string {
	if s == "" || len(s) > 4096 || strings.TrimSpace(s) != s || !printable(s) {
		return "must be one line without control characters or spaces around it"
	}
	return ""
}

func checkStoreKey(s string) string {
	switch s {
	case "auto", "keyring", "file", "memory":
		return ""
	}
	return "must be auto, keyring, file or memory"
}

func checkAuthority(s string) string {
	u, problem := parseHTTPS(s)
	if problem != "" {
		return problem
	}
	if strings.Trim(u.Path, "/") != "" {
		if _, ok := CloudByAuthority("https://" + u.Host); ok {
			return "must not hold a path; the tenant has a setting of its own"
		}
	}
	return ""
}

// parseHTTPS takes an https URL of a host, without user, query or fragment, in
// the one spelling that cannot be misread.
func parseHTTPS(s string) (*url.URL, string) {
	u, err := url.Parse(s)
	switch {
	case err != nil || !printable(s) || strings.TrimSpace(s) != s || len(s) > 2048:
		return nil, "is not a URL"
	case u.Scheme != "https":
		return nil, "must be an https URL"
	case u.User != nil:
		return nil, "must not hold a user name"
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(s, "#"):
		return nil, "must not hold a query or a fragment"
	case !isHost(u.Hostname()) || strings.HasSuffix(u.Host, ":") || !isPort(u.Port()):
		return nil, "does not name a host (ASCII, without a final dot)"
	case u.RawPath != "" || u.Path != "" && slices.ContainsFunc(strings.Split(strings.Trim(u.Path, "/"), "/"), func(p string) bool {
		return p == "." || p == ".." || p == "" && strings.Trim(u.Path, "/") != ""
	}):
		return nil, "has a path with escapes or dots in it"
	}
	return u, ""
}

func isPort(s string) bool {
	if s == "" {
		return true
	}
	n, err := strconv.Atoi(s)
	return err == nil && n > 0 && n < 65536 && s[0] != '+'
}

// isHost takes a name of letters, digits and dashes, or an IP address.
func isHost(s string) bool {
	if strings.Contains(s, ":") { // IPv6, which url.Parse has taken out of brackets
		return only(s, func(c byte) bool {
			return digit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' || c == ':' || c == '.'
		})
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

func isDomain(s string) bool {
	return isHost(s) && strings.Contains(s, ".") && !strings.Contains(s, ":") && !strings.Contains(s, "_")
}

func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if s[i] != '-' {
				return false
			}
		} else if c := s[i] | 0x20; !digit(s[i]) && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func only(s string, ok func(byte) bool) bool {
	for i := range len(s) {
		if !ok(s[i]) {
			return false
		}
	}
	return true
}

func digit(c byte) bool { return c >= '0' && c <= '9' }
func lower(c byte) bool { return c >= 'a' && c <= 'z' || digit(c) }
func alnum(c byte) bool { return lower(c) || c >= 'A' && c <= 'Z' }

func printable(s string) bool {
	for _, r := range s {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}
