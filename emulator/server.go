package emulator

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Server is a running emulator. Its methods are safe for concurrent use.
type Server struct {
	opts  Options
	ca    *CA
	keys  *keyRing
	port  string
	hosts []string // with port, as they appear in a Host header
	http  *http.Server
	done  chan struct{} // closed by Close; ends what waits
	ended chan struct{} // closed when Serve has returned
	once  sync.Once

	client *http.Client

	mu        sync.Mutex // guards everything below
	seq       int64      // orders tokens and revocations, finer than any clock
	users     map[string]*member
	tenants   map[string]string // lower-case GUID or domain to GUID
	apps      map[string]App
	resources []resource
	codes     map[string]*authCode
	refresh   map[string]*refreshToken
	devices   map[string]*device
	userCodes map[string]*device
	flows     map[string]*flow
	browsers  map[string]*browserSession
	saml      map[string]samlAssertion
	faults    []*Fault
	counters  Counters
	journal   []Request
}

// Start listens and serves until Close. The certificate is good for localhost,
// 127.0.0.1, ::1 and Options.Hosts.
func Start(opts Options) (*Server, error) {
	opts = opts.withDefaults()
	s := &Server{
		opts:      opts,
		ca:        opts.CA,
		done:      make(chan struct{}),
		ended:     make(chan struct{}),
		users:     map[string]*member{},
		tenants:   map[string]string{},
		apps:      map[string]App{},
		resources: builtinResources(),
		codes:     map[string]*authCode{},
		refresh:   map[string]*refreshToken{},
		devices:   map[string]*device{},
		userCodes: map[string]*device{},
		flows:     map[string]*flow{},
		browsers:  map[string]*browserSession{},
		saml:      map[string]samlAssertion{},
	}
	s.resetCounters()
	if err := s.populate(); err != nil {
		return nil, err
	}
	if err := s.listen(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Server) populate() error {
	for id, domain := range map[string]string{ContosoTenant: ContosoDomain, FabrikamTenant: FabrikamDomain, PersonalTenant: PersonalTenant} {
		s.tenants[id], s.tenants[domain] = id, id
	}
	for _, app := range append(builtinApps(), s.opts.Apps...) {
		if !isGUID(app.ID) {
			return fmt.Errorf("app %q: id %q is not a GUID", app.Name, app.ID)
		}
		s.apps[strings.ToLower(app.ID)] = app
	}
	for _, u := range s.opts.Users {
		if err := s.SetUser(u); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) listen() (err error) {
	if s.keys, err = newKeyRing(); err != nil {
		return err
	}
	if s.ca == nil {
		if s.ca, err = NewCA(); err != nil {
			return err
		}
	}
	names := append([]string{"localhost", "127.0.0.1", "::1"}, s.opts.Hosts...)
	cert, err := s.ca.issue(names)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", s.opts.Addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	_, s.port, _ = net.SplitHostPort(listener.Addr().String())
	for _, name := range names {
		s.hosts = append(s.hosts, s.hostPort(name))
	}
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: s.ca.pool(), MinVersion: tls.VersionTLS12},
		// Tests open many short connections; none shall outlive them by long.
		IdleConnTimeout: 5 * time.Second,
	}
	s.client = &http.Client{Transport: transport}
	s.http = &http.Server{
		Handler:           s,
		ErrorLog:          log.New(discard{}, "", 0), // TLS probes and cut connections are expected here
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		// HTTP/1.1 only: a reset fault cuts the connection, which HTTP/2 cannot.
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
	}
	secure := tls.NewListener(listener, &tls.Config{
		Certificates: []tls.Certificate{cert},
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"http/1.1"},
	})
	go func() {
		defer close(s.ended)
		if err := s.http.Serve(secure); !errors.Is(err, http.ErrServerClosed) {
			s.opts.Log.Error("serving ended", "error", err)
		}
	}()
	return nil
}

// Close stops the server, cuts every connection and waits for its goroutine.
// It may be called more than once.
func (s *Server) Close() error {
	var err error
	s.once.Do(func() {
		close(s.done)
		// Answers under way get a moment; a slow fault was told by done already.
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if s.http.Shutdown(ctx) != nil {
			err = s.http.Close()
		}
		<-s.ended
		s.client.CloseIdleConnections()
	})
	return err
}

// URL is the server's base, "https://localhost:PORT" without trailing slash.
// The issuer in its tokens begins with it: use localhost, not 127.0.0.1,
// wherever a client compares the two.
func (s *Server) URL() string { return "https://" + s.hostPort("localhost") }

// Authority is URL and a tenant: a GUID, a domain, "organizations", "common" or "consumers".
func (s *Server) Authority(tenant string) string { return s.URL() + "/" + tenant }

// CAPEM is the certificate, PEM encoded, that a client must trust.
func (s *Server) CAPEM() []byte { return s.ca.PEM() }

// CA is the authority that issued the server's certificate.
func (s *Server) CA() *CA { return s.ca }

// Client returns a client that trusts the server. It has no cookie jar and may
// be shared; copy it to change it.
func (s *Server) Client() *http.Client { return s.client }

func (s *Server) hostPort(name string) string {
	if s.port == "443" {
		if strings.Contains(name, ":") {
			return "[" + name + "]"
		}
		return name
	}
	return net.JoinHostPort(name, s.port)
}

// base is the URL that the client of this exchange knows the server by.
func (x *exchange) base() string {
	if slices.ContainsFunc(x.s.hosts, func(h string) bool { return strings.EqualFold(h, x.r.Host) }) {
		return "https://" + strings.ToLower(x.r.Host)
	}
	return x.s.URL()
}

func (s *Server) now() time.Time { return s.opts.Now() }

// next numbers an event. Call it with mu held.
func (s *Server) next() int64 { s.seq++; return s.seq }

func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

func itoa(n int) string { return strconv.Itoa(n) }
