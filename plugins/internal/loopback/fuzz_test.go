package loopback

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const fuzzState = "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE"

// Whatever is sent: nothing is an answer without the state, an answer has
// exactly one of code and error, and every parameter once.
func FuzzParseAnswer(f *testing.F) {
	for _, s := range []string{
		"", "state=" + fuzzState, "state=" + fuzzState + "&code=abc", "code=abc&state=" + fuzzState + "&session_state=x",
		"error=access_denied&error_description=AADSTS65004%3A+no&state=" + fuzzState, "state=x&error=y",
		"state=" + fuzzState + "&state=" + fuzzState + "&code=1", "code=1;state=" + fuzzState, "%zz", "&&&=&", "code=%00&state=" + fuzzState,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		v, err := parseAnswer(raw, fuzzState)
		if err != nil {
			if v != nil {
				t.Error("parameters came with an error")
			}
			return
		}
		if !strings.Contains(raw, "state=") && !strings.Contains(raw, "%") {
			t.Error("an answer without a state")
		}
		if (v.Get("code") == "") == (v.Get("error") == "") {
			t.Errorf("neither or both: %v", v)
		}
		for name, values := range v {
			if len(values) != 1 || name == "state" {
				t.Errorf("%s: %q", name, values)
			}
		}
	})
}

// No request makes the handler panic, show what it was sent, or be an answer
// without the state.
func FuzzRequest(f *testing.F) {
	f.Add("POST", "/", "localhost:8400", "application/x-www-form-urlencoded", "code=abc&state=x")
	f.Add("GET", "/?code=canary&state=x", "[::1]:8400", "", "")
	f.Add("OPTIONS", "*", "attacker.example:8400", "a;b=\"", "canary")
	f.Fuzz(func(t *testing.T, method, target, host, contentType, body string) {
		l := &Listener{target: Target{Host: "localhost"}, port: 8400, state: fuzzState, answered: make(chan *Answer, 1), closing: make(chan struct{}), conns: &conns{}}
		r, err := http.NewRequest(method, "http://x/", strings.NewReader(body))
		if err != nil {
			return
		}
		if u, err := r.URL.Parse(target); err == nil {
			r.URL = u
		}
		r.Host = host
		r.Header.Set("Content-Type", contentType)
		if strings.Contains(target+body, fuzzState) {
			return
		}
		w := httptest.NewRecorder()
		l.ServeHTTP(w, r)
		if l.answer != nil {
			t.Error("it was taken for an answer")
		}
		if got := w.Body.String(); got != strayPage {
			t.Errorf("got %q", got)
		}
	})
}
