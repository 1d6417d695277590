package config

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/authlatch/authlatch/host/store"
)

// The checks say what is wrong with a value, in words that follow its key; ""
// is good. No regular expressions: compiling them costs a helper's start.

// shippedFlows are Entra ID's: for them, and only for them, the Azure CLI's
// client and AZURE_* variables are meant.
var shippedFlows = []string{"browser", "devicecode", "password"}

func allEntra(flows []string) bool { return foreignFlow(flows) == "" }

// foreignFlow is the first flow that authlatch does not ship; "" if there is none.
func foreignFlow(flows []string) string {
	for _, f := range flows {
		if !slices.Contains(shippedFlows, f) {
			return f
		}
	}
	return ""
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
	if IsGUID(s) || isDomain(s) {
		return ""
	}
	return "must be a tenant id (a GUID), a domain name, organizations, common or consumers" + not(s)
}

func checkClientID(s string, entra bool) string {
	if entra && !IsGUID(s) {
		return "must be an application id (a GUID)" + not(s)
	}
	return checkText(s)
}

func checkUsername(s string) string {
	if len(s) > 320 || strings.TrimSpace(s) != s || !printable(s) {
		return "must be one line without control characters or spaces around it"
	}
	return ""
}

func checkFallback(s string) string {
	switch {
	case s == "authlatch":
		return "must name another helper than authlatch's own"
	case strings.HasPrefix(s, "docker-credential-"):
		return "must be the helper's name without docker-credential-, such as desktop"
	case checkName(s) != "":
		return "must be a helper's name, such as desktop, secretservice or pass" + not(s)
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
	if s == "auto" || s == "memory" || slices.Contains(store.ProviderNames(), s) {
		return ""
	}
	return "must be auto, " + strings.Join(store.ProviderNames(), ", ") + " or memory" + not(s)
}

// not quotes a value that is none; it is never a secret's.
func not(s string) string { return ", not " + strconv.QuoteToASCII(truncated(s)) }

func checkAuthority(s string) string {
	u, problem := parseHTTPS(s)
	if problem != "" {
		return problem
	}
	if _, ok := CloudByAuthority("https://" + u.host); ok && strings.Trim(u.path, "/") != "" {
		return "must not hold a path; the tenant has a setting of its own"
	}
	return ""
}

func isDomain(s string) bool {
	return isHost(s) && strings.Contains(s, ".") && !strings.Contains(s, ":") && !strings.Contains(s, "_")
}

// IsGUID says whether s is written as a tenant's or application's id is.
func IsGUID(s string) bool {
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
