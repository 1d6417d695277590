package loopback

import (
	"strings"
	"testing"
)

// A user name or tenant is the provider's: it is text on the page, whatever is in it.
func TestWhoIsNamedIsText(t *testing.T) {
	html := successPage("<script>alert(1)</script>&\"\u202e", "tenant x")
	for _, want := range []string{
		`<p class="named">&lt;script&gt;alert(1)&lt;/script&gt;&amp;&#34;`, `<p class="named">tenant x</p>`, "<h1>You are signed in</h1>",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("no %s in\n%s", want, html)
		}
	}
	if strings.Contains(html, "<script") || strings.Contains(html, "\u202e") {
		t.Errorf("not cleaned:\n%s", html)
	}
	if strings.Contains(failurePage(), "named\">") {
		t.Error("a page that names nobody has an empty line")
	}
}
