package loopback

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	// headerTimeout and readTimeout: a browser on this machine sends a whole
	// answer within milliseconds; a busy machine is not a hundred times slower.
	headerTimeout = 5 * time.Second
	readTimeout   = 10 * time.Second
	// holdTimeout is how long the browser is kept waiting for Done before it is
	// told to look for the outcome elsewhere.
	holdTimeout  = 20 * time.Second
	writeTimeout = holdTimeout + 10*time.Second
	// deliveryTimeout is how long Close waits for the page to be written. It fits
	// into the socket's buffer, so only a stuck machine needs as long.
	deliveryTimeout = 2 * time.Second
	// maxHeader leaves room for the cookies of all that a developer ever ran on
	// localhost, which browsers send to every port.
	maxHeader = 128 << 10
	// maxBody: a form_post with a code of 2 KiB, an ID token of 8 and an error
	// description of 4, several times over.
	maxBody = 64 << 10
)

// Listener waits at a redirect URI for one answer. It is safe for concurrent
// use.
type Listener struct {
	target   Target
	port     int
	state    string
	server   *http.Server
	conns    *conns
	served   sync.WaitGroup
	answered chan *Answer
	closing  chan struct{}
	closed   sync.Once
	// stranger reports whether another user of the machine is at the other end.
	stranger func(net.Conn) bool

	mu      sync.Mutex
	pending chan struct{} // nil before the answer; closed when its page was written
	answer  *Answer
}

// Listen binds the redirect URI (of the zero Target: http://localhost with any
// free port) and begins to serve. For the host localhost it
// takes 127.0.0.1 and, on machines that have it, ::1 on the same port. It fails
// with *PortError if the target names a port that is taken. ctx bounds the
// binding only; Close ends the rest.
func Listen(ctx context.Context, t Target) (*Listener, error) {
	return listenApart(ctx, t, fromStranger)
}

// listenApart is Listen with another way to tell strangers.
func listenApart(ctx context.Context, t Target, stranger func(net.Conn) bool) (*Listener, error) {
	if t.Host == "" {
		t.Host = "localhost"
	}
	listeners, port, err := bind(ctx, t)
	if err != nil {
		return nil, err
	}
	var state [32]byte         // 256 bits
	_, _ = rand.Read(state[:]) // it never fails: crypto/rand ends the process rather
	l := &Listener{
		target:   t,
		port:     port,
		state:    base64.RawURLEncoding.EncodeToString(state[:]),
		conns:    &conns{},
		answered: make(chan *Answer, 1),
		closing:  make(chan struct{}),
		stranger: stranger,
	}
	l.server = &http.Server{
		Handler:           l,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          log.New(io.Discard, "", 0), // it would quote what strangers send
		ConnContext:       l.conns.context,
		ConnState:         l.conns.track,
		// "OPTIONS *" is a stray like any other.
		DisableGeneralOptionsHandler: true,
	}
	l.server.SetKeepAlivesEnabled(false) // nobody has a second request worth waiting for
	for _, ln := range listeners {
		l.served.Go(func() { _ = l.server.Serve(ln) }) // it ends by Close
	}
	return l, nil
}

// RedirectURI is the redirect_uri for the authorization and the token request.
func (l *Listener) RedirectURI() string { return l.target.uri(l.port) }

// State is the state for the authorization request: 256 random bits in
// base64url. An answer without it is none.
func (l *Listener) State() string { return l.state }

// ErrClosed is what Wait fails with after Close.
var ErrClosed = errors.New("the loopback listener is closed")

// Wait returns the provider's answer, once; or the cause of ctx's end, or
// ErrClosed. The caller must call the answer's Done.
func (l *Listener) Wait(ctx context.Context) (*Answer, error) {
	select {
	case a := <-l.answered:
		return a, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-l.closing:
		return nil, ErrClosed
	}
}

// Close stops listening. If there was an answer, it first lets the person's
// page be written (the page of a failure, if Done was not called), for two
// seconds at most. Every call returns when all is closed.
func (l *Listener) Close() {
	l.closed.Do(func() {
		close(l.closing)
		l.mu.Lock()
		answer, pending := l.answer, l.pending
		l.mu.Unlock()
		if answer != nil {
			answer.Done(ErrClosed)
			t := time.NewTimer(deliveryTimeout)
			select {
			case <-pending:
			case <-t.C:
			}
			t.Stop()
		}
		_ = l.server.Close()
	})
	l.served.Wait()
}

// accept makes v the answer if it is the first and the listener is not closed.
func (l *Listener) accept(a *Answer) (delivered func(), ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.closing:
		return nil, false
	default:
	}
	if l.answer != nil {
		return nil, false
	}
	l.answer, l.pending = a, make(chan struct{})
	l.answered <- a // has room for one
	return sync.OnceFunc(func() { close(l.pending) }), true
}
