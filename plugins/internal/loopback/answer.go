package loopback

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/url"
	"sync"
)

// maxParams: an answer has about five.
const maxParams = 50

var (
	errMalformed  = errors.New("the parameters are malformed")
	errState      = errors.New("the state is not ours")
	errIncomplete = errors.New("neither one code nor one error")
)

// parseAnswer reads the parameters of an answer, form-encoded as a query and a
// form_post body both are, and checks that they belong to the sign-in with this
// state before it looks at any other. It never returns what does not: no code
// and no error count that somebody else sent.
func parseAnswer(raw, state string) (url.Values, error) {
	v, err := url.ParseQuery(raw)
	if err != nil || len(v) > maxParams {
		return nil, errMalformed
	}
	// In constant time, so that nobody can guess it byte by byte. Its length is no secret.
	if len(v["state"]) != 1 || subtle.ConstantTimeCompare([]byte(v.Get("state")), []byte(state)) != 1 {
		return nil, errState
	}
	for _, values := range v {
		if len(values) != 1 { // RFC 6749 section 3.1
			return nil, errMalformed
		}
	}
	code, oauthError := v.Get("code"), v.Get("error")
	if (code == "") == (oauthError == "") || !visible(code) || !visible(oauthError) {
		return nil, errIncomplete
	}
	v.Del("state")
	return v, nil
}

// visible reports whether s is made of RFC 6749's VSCHAR (appendix A).
func visible(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

// Answer is what the provider answered: a code or an error (RFC 6749 sections
// 4.1.2 and 4.1.2.1), never both, and whatever came with it. Its texts are the
// provider's and the code is a secret: it prints as "[redacted]".
type Answer struct {
	values  url.Values
	outcome chan struct{} // closed by Done
	once    sync.Once
	failed  bool
	named   []string
}

// Get returns the named parameter, or "".
func (a *Answer) Get(name string) string { return a.values.Get(name) }

// Values returns all parameters but the state. The caller must not change them.
func (a *Answer) Values() url.Values { return a.values }

// Name has the page of Done say, a line each, whom the sign-in was for. The lines may
// be anybody's: they are cleaned and escaped. It is called before Done.
func (a *Answer) Name(lines ...string) { a.named = lines }

// Done shows the person a page that says how the sign-in ended: well if err is
// nil. err itself is not shown. Only the first call counts. Whoever gets an
// Answer should call it as soon as the code was redeemed, because the person's
// browser waits for it.
func (a *Answer) Done(err error) {
	a.once.Do(func() {
		a.failed = err != nil
		close(a.outcome)
	})
}

// Format is for package fmt, with every verb.
func (*Answer) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[redacted]") }
