package loopback

import (
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ServeHTTP answers one request. What it answers depends on the request's host,
// path, state and sender alone, and shows nothing of it.
func (l *Listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// Before all else: another user of the machine may well know the state.
	if c := connOf(r); c != nil && l.stranger(c) {
		show(w, http.StatusForbidden, strayPage)
		return
	}
	// Another name than ours means DNS rebinding: a foreign page that made its
	// own name point here, in order to read our answers.
	if !l.ours(r.Host) {
		show(w, http.StatusBadRequest, strayPage)
		return
	}
	if orRoot(r.URL.EscapedPath()) != orRoot(l.target.Path) {
		show(w, http.StatusNotFound, strayPage)
		return
	}
	raw, ok := parameters(w, r)
	if !ok {
		show(w, http.StatusNotFound, strayPage)
		return
	}
	values, err := parseAnswer(raw, l.state)
	if err != nil {
		show(w, http.StatusBadRequest, strayPage)
		return
	}
	answer := &Answer{values: values, outcome: make(chan struct{})}
	delivered, first := l.accept(answer)
	if !first {
		show(w, http.StatusGone, receivedPage)
		return
	}
	defer delivered()
	l.conns.protect(r)

	t := time.NewTimer(holdTimeout)
	defer t.Stop()
	select {
	case <-answer.outcome:
		if answer.failed {
			show(w, http.StatusOK, failurePage(answer.named...))
		} else {
			show(w, http.StatusOK, successPage(answer.named...))
		}
	case <-t.C:
		show(w, http.StatusOK, receivedPage)
	case <-r.Context().Done(): // the person has closed the tab; nobody reads
	}
}

// orRoot makes one of the two spellings of an empty path (RFC 3986 section 6.2.3).
func orRoot(escapedPath string) string {
	if escapedPath == "" {
		return "/"
	}
	return escapedPath
}

// ours reports whether a Host header names this listener. With the port 80 a
// browser leaves the port out.
func (l *Listener) ours(host string) bool {
	name, ok := strings.CutSuffix(host, ":"+strconv.Itoa(l.port))
	if !ok && l.port != 80 {
		return false
	}
	switch strings.ToLower(name) {
	case "localhost", "127.0.0.1", "[::1]":
		return true
	}
	return false
}

// parameters returns the form-encoded text of a form_post, or of a GET's query;
// false if the request is neither.
func parameters(w http.ResponseWriter, r *http.Request) (string, bool) {
	switch r.Method {
	case http.MethodGet:
		return r.URL.RawQuery, r.URL.RawQuery != ""
	case http.MethodPost:
		if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/x-www-form-urlencoded" {
			return "", false
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		return string(body), err == nil && len(body) > 0
	}
	return "", false
}
