package launch

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/authlatch/authlatch/internal/sanitize"
)

// Characters of an address besides letters and digits (RFC 3986): all others are
// percent-encoded there. No shell sees an address; this is for whatever a person's
// browser command does with it.
const (
	urlMarks  = "-._~:/?#[]@!$&'()*+,;=%"
	hostMarks = "-._:[]%"
)

// checkURL accepts absolute https addresses without a user name, in ASCII.
func checkURL(s string) error {
	u, err := url.Parse(s)
	if len(s) > maxURL || err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil ||
		!consistsOf(s, urlMarks) || !consistsOf(u.Host, hostMarks) {
		return fmt.Errorf("wants to open %q, which is not an https address", sanitize.Line(s, 120))
	}
	return nil
}

// consistsOf reports whether s is of ASCII letters, digits and marks.
func consistsOf(s, marks string) bool {
	return strings.Trim(s, lower+upper+digits+marks) == ""
}
