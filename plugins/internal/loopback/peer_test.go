package loopback

import (
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
)

// Another user of the machine who has read the state off a command line can
// neither answer with a code of theirs nor end the sign-in with an error.
func TestStrangersAnswer(t *testing.T) {
	var stranger atomic.Bool
	l, err := listenApart(t.Context(), Target{}, func(net.Conn) bool { return stranger.Load() })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	stranger.Store(true)
	denied := url.Values{"state": {l.State()}, "error": {"access_denied"}}.Encode()
	for name, request := range map[string]string{
		"a code":           post(l, answerForm(l, "theirs")),
		"a code by query":  get(l, "/?"+answerForm(l, "theirs")),
		"an error":         post(l, denied),
		"a favicon":        get(l, "/favicon.ico"),
		"an invalid state": get(l, "/?state=x&code=y"),
	} {
		if r := send(t, l, request); r.status != http.StatusForbidden || r.body != strayPage {
			t.Errorf("%s: got %d %q", name, r.status, r.body)
		} else {
			checkHeader(t, r)
		}
	}
	stranger.Store(false)
	finish(t, l)
}
