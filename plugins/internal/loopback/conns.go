package loopback

import (
	"context"
	"net"
	"net/http"
	"slices"
	"sync"
)

// conns bounds the connections. The oldest gives way to a new one, so that
// nobody who holds many open can lock the person's browser out.
type conns struct {
	mu   sync.Mutex
	open []net.Conn // in order of arrival
	keep net.Conn   // the one with the answer
}

// maxConns: a browser opens six to one host, and preconnects.
const maxConns = 64

type connKey struct{}

// context lets a handler find its connection.
func (*conns) context(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// connOf returns the connection of r; nil if no server of ours has it.
func connOf(r *http.Request) net.Conn {
	c, _ := r.Context().Value(connKey{}).(net.Conn)
	return c
}

// track is an http.Server's ConnState.
func (cs *conns) track(c net.Conn, s http.ConnState) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	switch s {
	case http.StateNew:
		if len(cs.open) >= maxConns {
			i := slices.IndexFunc(cs.open, func(old net.Conn) bool { return old != cs.keep })
			cs.open[i].Close()
			cs.open = slices.Delete(cs.open, i, i+1)
		}
		cs.open = append(cs.open, c)
	case http.StateClosed, http.StateHijacked:
		if i := slices.Index(cs.open, c); i >= 0 {
			cs.open = slices.Delete(cs.open, i, i+1)
		}
	}
}

// protect keeps the connection of r from giving way.
func (cs *conns) protect(r *http.Request) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.keep = connOf(r)
}
