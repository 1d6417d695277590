package config

import "strings"

// checkRuleHost takes a host, "*.host" for any name below it, and either with
// a port or a path behind it.
func checkRuleHost(s string) string {
	_, problem := parseHTTPS("https://" + strings.TrimPrefix(s, "*."))
	if problem != "" {
		return "is not a host, such as dev.azure.com, *.azurecr.io or dev.azure.com/organisation"
	}
	return ""
}

// RuleFor finds the rule for a host and its path ("dev.azure.com/org/repo"). The
// longest pattern that matches wins; a path matches by whole segments.
func (f *File) RuleFor(hostAndPath string) (Rule, bool) {
	host, path, _ := strings.Cut(hostAndPath, "/")
	asked := strings.ToLower(host)
	var best Rule
	for _, r := range f.Rules {
		pattern, prefix, _ := strings.Cut(r.Host, "/")
		ok := pattern == asked
		if suffix, wildcard := strings.CutPrefix(pattern, "*"); wildcard {
			ok = strings.HasSuffix(asked, suffix) && len(asked) > len(suffix)
		}
		prefix = strings.TrimRight(prefix, "/")
		if p := strings.ToLower(path); prefix != "" && p != prefix && !strings.HasPrefix(p, prefix+"/") {
			ok = false
		}
		if ok && len(r.Host) > len(best.Host) {
			best = r
		}
	}
	return best, best.Host != ""
}
