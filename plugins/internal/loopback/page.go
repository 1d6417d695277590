package loopback

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"net/http"
	"strconv"

	"github.com/authlatch/authlatch/internal/sanitize"
)

// Of what was sent here nothing is ever shown: the pages are constant, but for what
// Answer.Name has been told.
var (
	receivedPage = page("info", "The answer has arrived",
		"You can close this tab. The program that asked you to sign in says how it ended.")
	strayPage = page("info", "This page is not part of a sign-in",
		"You can close this tab. If you are signing in, go on in the tab in which you began.")
)

// successPage and failurePage name whom and what the sign-in was about, a line each.
func successPage(named ...string) string {
	return page("ok", "You are signed in",
		"You can close this tab and go back to the program that asked you to sign in.", named...)
}

func failurePage(named ...string) string {
	return page("bad", "The sign-in did not succeed",
		"You can close this tab. The program that asked you to sign in says what happened and what to do next.", named...)
}

// style is allowed by its hash in contentSecurityPolicy.
const style = `
:root{color-scheme:light dark;--bg:#f4f5f7;--card:#fff;--text:#1b1f24;--soft:#57606a;--line:#d8dee4;--ok:#1a7f37;--bad:#b42318;--info:#0b62b8}
@media (prefers-color-scheme:dark){:root{--bg:#0d1117;--card:#161b22;--text:#e6edf3;--soft:#9da7b1;--line:#30363d;--ok:#3fb950;--bad:#ff7b72;--info:#58a6ff}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;background:var(--bg);color:var(--text);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:28rem;width:100%;padding:2.25rem 2rem;background:var(--card);border:1px solid var(--line);border-radius:12px;text-align:center}
svg{width:3rem;height:3rem;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
.ok svg{color:var(--ok)}.bad svg{color:var(--bad)}.info svg{color:var(--info)}
h1{margin:1rem 0 .5rem;font-size:1.4rem;line-height:1.3;text-wrap:balance}
p{margin:0;color:var(--soft)}
p.named{margin:0 0 .75rem;color:var(--text);overflow-wrap:anywhere}
p.named+p.named{margin-top:-.6rem;font-size:.875rem;color:var(--soft)}
`

var icons = map[string]string{
	"ok":   `<circle cx="12" cy="12" r="10"/><path d="m7.5 12.5 3 3 6-6.5"/>`,
	"bad":  `<circle cx="12" cy="12" r="10"/><path d="M12 7v6M12 16.5v.01"/>`,
	"info": `<circle cx="12" cy="12" r="10"/><path d="M12 11v6M12 7.5v.01"/>`,
}

// maxNamed bounds a line, in characters: a user name has up to 320.
const maxNamed = 400

func page(kind, title, text string, named ...string) string {
	lines := ""
	for _, n := range named {
		if n = sanitize.Line(n, maxNamed); n == "" {
			continue
		}
		lines += `<p class="named">` + html.EscapeString(n) + "</p>\n"
	}
	return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>` + title + `</title>
<style>` + style + `</style>
</head>
<body>
<main class="` + kind + `">
<svg viewBox="0 0 24 24" aria-hidden="true">` + icons[kind] + `</svg>
<h1>` + title + `</h1>
` + lines + `<p>` + text + `</p>
</main>
</body>
</html>
`
}

// contentSecurityPolicy allows the one style sheet and nothing else.
var contentSecurityPolicy = func() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}()

// show writes a page, to the last byte: the connection may be closed as soon as
// it returns.
func show(w http.ResponseWriter, status int, document string) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(document)))
	h.Set("Content-Security-Policy", contentSecurityPolicy)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(document)) // a reader that has gone needs no page
	_ = http.NewResponseController(w).Flush()
}
