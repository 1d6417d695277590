package browser

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/authlatch/authlatch/plugins/internal/entra"
	"github.com/authlatch/authlatch/plugins/internal/loopback"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
	"github.com/authlatch/authlatch/sdk"
)

// errTimeout is the cause when the person did not finish in time.
var errTimeout = errors.New("nobody finished the sign-in")

// signIn opens the provider's page and redeems what it answers. There is no
// nonce: the ID token comes from the token endpoint, over TLS and bound to the
// verifier, so a replayed one cannot get here (OpenID Connect Core 3.1.2.1 makes
// the nonce optional for that reason).
func signIn(ctx context.Context, c *entra.Client, req *sdk.Request, s settings, p sdk.Prompter) (*sdk.Token, error) {
	l, err := loopback.Listen(ctx, s.target)
	if err != nil {
		return nil, listenError(ctx, err, s)
	}
	defer l.Close() // lets the person's page be written

	code := newAuthCode(l, req, s)
	authorize, err := c.AuthCodeURL(ctx, code)
	if err != nil {
		return nil, err
	}
	answer, opened, err := ask(ctx, l, p, authorize, message(req), s)
	if err != nil {
		return nil, err
	}
	tok, err := redeem(ctx, c, code, answer)
	answer.Name(named(tok, err)...)
	answer.Done(err)
	opened()
	return tok, err
}

// named says on the person's page who has signed in, or that it was they who did
// not: among several tabs, or where the terminal cannot be seen.
func named(tok *sdk.Token, err error) []string {
	var failed *sdk.Error
	switch {
	case err == nil:
		return []string{tok.Account.Username, "tenant " + tok.Account.Tenant}
	case errors.As(err, &failed) && failed.Reason == flowv1.ReasonAccessDenied:
		return []string{"It was cancelled or declined."}
	}
	return nil
}

func newAuthCode(l *loopback.Listener, req *sdk.Request, s settings) entra.AuthCode {
	var random [32]byte         // 43 characters (RFC 7636 section 4.1)
	_, _ = rand.Read(random[:]) // it never fails: crypto/rand ends the process rather
	verifier := base64.RawURLEncoding.EncodeToString(random[:])
	challenge := sha256.Sum256([]byte(verifier))
	return entra.AuthCode{
		RedirectURI:  l.RedirectURI(),
		State:        l.State(),
		Challenge:    base64.RawURLEncoding.EncodeToString(challenge[:]),
		Verifier:     verifier,
		ResponseMode: "form_post", // keeps the code out of the browser's history
		Prompt:       s.prompt,
		LoginHint:    req.Username,
		DomainHint:   s.domainHint,
	}
}

// ask opens the page and waits for the answer. A host may take its time to say
// that the page is open, until the person has finished there at worst, so the
// two are waited for side by side. The caller calls opened before it returns: it
// waits for the host's word, because an interaction must not stay unanswered.
func ask(ctx context.Context, l *loopback.Listener, p sdk.Prompter, authorize, message string, s settings) (a *loopback.Answer, opened func(), err error) {
	ctx, stop := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := open(ctx, p, authorize, message); err != nil {
			stop(err)
		}
	}()
	opened = func() {
		<-done
		stop(nil)
	}
	waiting, end := context.WithTimeoutCause(ctx, s.timeout, errTimeout)
	defer end()
	a, err = l.Wait(waiting)
	if err == nil {
		return a, opened, nil
	}
	stop(err)
	opened()
	if errors.Is(err, errTimeout) {
		err = &sdk.Error{
			Reason:  flowv1.ReasonExpiredToken,
			Message: "nobody finished the sign-in in the browser within " + short(s.timeout),
			Err:     err,
		}
	}
	return nil, nil, err
}

// open has the host open the page, or at least show its address.
func open(ctx context.Context, p sdk.Prompter, authorize, message string) error {
	err := p.OpenURL(ctx, authorize, message)
	if errors.Is(err, sdk.ErrUnsupported) { // a host older than this kind of interaction
		err = p.Notice(ctx, "Open this address in a browser on this machine to "+message+": "+authorize)
	}
	switch {
	case errors.Is(err, sdk.ErrUnavailable), errors.Is(err, sdk.ErrUnsupported):
		return &sdk.Error{Reason: flowv1.ReasonFlowUnavailable, Message: "no browser can be opened here", Err: err}
	case errors.Is(err, sdk.ErrDeclined):
		return &sdk.Error{Reason: flowv1.ReasonAccessDenied, Message: "the sign-in was declined before the browser was opened", Err: err}
	}
	return err
}

// message says what the page is for; it fits behind "to".
func message(req *sdk.Request) string {
	host := req.Authority
	if u, err := url.Parse(req.Authority); err == nil && u.Host != "" {
		host = u.Host
	}
	if req.Username != "" {
		return fmt.Sprintf("sign in at %s as %s", host, req.Username)
	}
	return "sign in at " + host
}

func redeem(ctx context.Context, c *entra.Client, code entra.AuthCode, a *loopback.Answer) (*sdk.Token, error) {
	if a.Get("error") != "" {
		return nil, entra.AuthorizationError(a.Values())
	}
	return c.RedeemAuthCode(ctx, a.Get("code"), code)
}

// listenError: without a port to come back to, another flow can still do it.
func listenError(ctx context.Context, err error, s settings) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	message := "the browser has no way back: no port of this machine's loopback interface can be listened on"
	var taken *loopback.PortError
	if errors.As(err, &taken) {
		message = fmt.Sprintf("port %d, which option %s names, is taken or forbidden to this program", taken.Port, s.targetOption)
	}
	return &sdk.Error{Reason: flowv1.ReasonFlowUnavailable, Message: message, Err: err}
}

// short is d without the zeros of Duration.String.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
