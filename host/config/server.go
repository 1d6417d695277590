package config

import "strings"

// checkServer takes a Kubernetes API server's https URL, whose host may begin
// with "*." for any name below it.
func checkServer(s string) string {
	rest, wildcard := strings.CutPrefix(s, "https://*.")
	if wildcard {
		s = "https://" + rest
		if u, problem := parseHTTPS(s); problem == "" && !strings.Contains(u.host, ".") {
			return "allows a whole top-level domain"
		}
	}
	_, problem := parseHTTPS(s)
	return problem
}

// CheckServer says whether the Kubernetes API server at the URL may get a
// token. A profile without servers allows all. Its error is a policy *Error.
func (s Settings) CheckServer(server string) error {
	if len(s.Servers) == 0 {
		return nil
	}
	next := "add it to servers in [profiles." + s.Profile + "] if it is yours"
	if problem := checkServer(server); problem != "" || strings.Contains(server, "*") {
		return &Error{Key: "cluster server", Problem: "is not a plain https URL", Next: next, Policy: true}
	}
	asked := canonicalURL(server)
	for _, allowed := range s.Servers {
		if suffix, ok := strings.CutPrefix(allowed, "https://*."); ok {
			suffix = strings.TrimPrefix(canonicalURL("https://"+suffix), "https://")
			if strings.HasSuffix(asked, "."+suffix) && !strings.Contains(strings.TrimSuffix(asked, "."+suffix)[len("https://"):], "/") {
				return nil
			}
		} else if asked == canonicalURL(allowed) {
			return nil
		}
	}
	return &Error{Key: "cluster server", Problem: "profile " + s.Profile + " gives no token to " + asked, Next: next, Policy: true}
}
