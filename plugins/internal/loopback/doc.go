// Package loopback receives the one answer of an authorization server at a
// loopback redirect URI (RFC 8252 section 7.3), for any flow of OAuth 2.0 or
// OpenID Connect that answers by query or by form_post.
//
//	l, err := loopback.Listen(ctx, loopback.Target{})
//	defer l.Close()
//	// send the person to the provider with l.RedirectURI() and l.State()
//	answer, err := l.Wait(ctx)
//	// redeem answer.Get("code"), or read answer.Get("error")
//	answer.Done(err) // shows the person how it ended
//
// Anything on the machine, and any page in the person's browser, can send
// requests here. So a request counts only if its Host is ours and it carries the
// listener's state; everything else (a favicon, a preconnect, a forged error, a
// replay) gets a constant page and changes nothing. The package shows nothing
// that it was sent, logs nothing and knows nothing of tokens.
//
// # Other users of the machine
//
// The state is in the URL that a browser is started with, and other users can
// read command lines. With it they could have the person signed in as somebody
// else: PKCE does not help, because the URL has the challenge too. So on Linux
// the kernel is asked who owns the other end of a connection, and a request
// counts only if that is the process's own user, who logged in to the session
// that it belongs to (sudo, su), or root (the relays of WSL and of containers).
//
// The other end may be outside of the kernel's view, for a browser on Windows
// with WSL's mirrored network for one, or a sandbox may forbid the question.
// Then, and on systems other than Linux, the state alone decides, as it does
// between programs of the same user and for whom a service of root's or of the
// user's own forwards requests.
package loopback
