// Package person is a scripted human for the emulator's pages: it reads the
// HTML, fills in forms and presses buttons, without a browser and without
// scripts. Tests, demos and `entra-emulator browse` use it in place of someone
// who signs in. It knows the forms by their field names and would work on the
// real pages no better than any bot; never give it a real password.
package person

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"
)

// Person is someone with one account and one browser, whose cookies last for
// as long as the value. It does one thing at a time.
type Person struct {
	client   *http.Client
	username string
	password string
}

// New returns a person who reaches the pages with client's transport. The
// client's own cookie jar, if any, is used; the client itself is not changed.
func New(client *http.Client, username, password string) *Person {
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if own.Jar == nil {
		own.Jar, _ = cookiejar.New(nil) // never fails without options
	}
	if own.Timeout == 0 {
		own.Timeout = time.Minute // no page takes longer, a hung one must not stop a test
	}
	return &Person{client: &own, username: username, password: password}
}

// ErrRefused is wrapped by the errors that tell what a page said instead of
// letting the person on.
var ErrRefused = errors.New("the page refused")

// maxPages bounds a walk: account, password, factor, consent, confirmation, return.
const maxPages = 12

// maxPage is above any page that a person would read.
const maxPage = 1 << 20

// SignIn opens an authorization URL, signs in and lets the browser carry the
// answer to the redirect URI. It returns the last address, with the query that
// a GET redirect has, and what the application's page says there. An answer
// that holds an OAuth error is delivered like any other and is no error here.
func (p *Person) SignIn(ctx context.Context, authorizeURL string) (finalURL, body string, err error) {
	return p.walk(ctx, authorizeURL, choice{})
}

// CancelSignIn opens an authorization URL and presses Cancel on the first page.
func (p *Person) CancelSignIn(ctx context.Context, authorizeURL string) (finalURL, body string, err error) {
	return p.walk(ctx, authorizeURL, choice{cancel: true})
}

// EnterCode opens a device flow's verification URI, enters the code, signs in
// and confirms.
func (p *Person) EnterCode(ctx context.Context, verificationURI, userCode string) error {
	return p.device(ctx, verificationURI, choice{userCode: userCode}, "done")
}

// DeclineCode enters the code, signs in and answers the last question with no.
func (p *Person) DeclineCode(ctx context.Context, verificationURI, userCode string) error {
	return p.device(ctx, verificationURI, choice{userCode: userCode, decline: true}, "declined")
}

func (p *Person) device(ctx context.Context, uri string, c choice, want string) error {
	final, body, err := p.walk(ctx, uri, c)
	if err != nil {
		return err
	}
	if got := parse(body).outcome; got != want {
		return fmt.Errorf("%w: %s ended with outcome %q, not %q", ErrRefused, final, got, want)
	}
	return nil
}

// choice is how a person answers where there is one.
type choice struct {
	cancel   bool // on the first page of the sign-in
	decline  bool // on the page that asks whether to sign the device in
	userCode string
}

func (p *Person) walk(ctx context.Context, start string, c choice) (string, string, error) {
	home, err := url.Parse(start)
	if err != nil {
		return "", "", fmt.Errorf("the address: %w", err)
	}
	at, body, err := p.open(ctx, http.MethodGet, home, nil)
	for range maxPages {
		if err != nil {
			return "", "", err
		}
		if at.Host != home.Host {
			return at.String(), body, nil // the application's page
		}
		shown := parse(body)
		if shown.alert != "" {
			return at.String(), body, fmt.Errorf("%w: %s", ErrRefused, shown.alert)
		}
		if shown.form == nil {
			if shown.outcome == "error" {
				return at.String(), body, fmt.Errorf("%w: %s", ErrRefused, shown.text())
			}
			return at.String(), body, nil
		}
		to, err2 := at.Parse(shown.form.action)
		if err2 != nil {
			return "", "", fmt.Errorf("a form's address: %w", err2)
		}
		if to.Scheme != "https" && !loopback(to) {
			return "", "", fmt.Errorf("%w: the form leads to %s", ErrRefused, to.Host)
		}
		at, body, err = p.open(ctx, shown.form.method, to, p.fill(shown, c))
	}
	return "", "", fmt.Errorf("%w: still no end after %d pages", ErrRefused, maxPages)
}

// loopback reports whether u is where a native application listens: the only
// place that a sign-in may lead to without TLS.
func loopback(u *url.URL) bool {
	switch u.Hostname() {
	case "localhost", "127.0.0.1", "::1":
		return u.Scheme == "http"
	}
	return false
}

// open requests a page and follows redirects as a browser does after a form:
// with GET.
func (p *Person) open(ctx context.Context, method string, to *url.URL, form url.Values) (*url.URL, string, error) {
	for range maxPages {
		var content io.Reader
		if method == http.MethodPost {
			content = strings.NewReader(form.Encode())
		}
		request, err := http.NewRequestWithContext(ctx, method, to.String(), content)
		if err != nil {
			return nil, "", fmt.Errorf("open a page: %w", err)
		}
		request.Header.Set("Accept", "text/html")
		if method == http.MethodPost {
			request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		response, err := p.client.Do(request)
		if err != nil {
			return nil, "", fmt.Errorf("open a page: %w", err)
		}
		body, err := io.ReadAll(io.LimitReader(response.Body, maxPage))
		_ = response.Body.Close()
		if err != nil {
			return nil, "", fmt.Errorf("read a page: %w", err)
		}
		location := response.Header.Get("Location")
		if response.StatusCode/100 != 3 || location == "" {
			return to, string(body), nil
		}
		if to, err = to.Parse(location); err != nil {
			return nil, "", fmt.Errorf("a redirect's address: %w", err)
		}
		method = http.MethodGet
	}
	return nil, "", fmt.Errorf("%w: too many redirects", ErrRefused)
}

// fill answers a form: what it already holds, the person's own data, and the
// button that the choice asks for, else the first.
func (p *Person) fill(shown page, c choice) url.Values {
	answer := url.Values{}
	known := map[string]string{"username": p.username, "password": p.password, "user_code": c.userCode}
	asksCode := false
	for _, in := range shown.form.inputs {
		value := in.value
		if own, ok := known[in.name]; ok && in.kind != "hidden" {
			value = own
		}
		asksCode = asksCode || in.name == "user_code"
		answer.Set(in.name, value)
	}
	refuse := c.cancel && !asksCode || c.decline && shown.form.has("continue")
	if b, ok := shown.form.press(refuse); ok && b.name != "" {
		answer.Set(b.name, b.value)
	}
	return answer
}
