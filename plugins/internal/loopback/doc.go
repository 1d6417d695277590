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
package loopback
