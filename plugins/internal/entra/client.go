package entra

import (
	"net/http"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"

	"github.com/authlatch/authlatch/sdk"
)

// Option changes how a Client works; for tests.
type Option func(*config)

type config struct {
	clock        Clock
	roundTripper http.RoundTripper // nil is the network
}

// WithClock replaces the system's clock.
func WithClock(c Clock) Option { return func(cfg *config) { cfg.clock = c } }

// Client talks to one authority and tenant as one client on behalf of one
// request. Close it.
type Client struct {
	req       *sdk.Request
	authority authority
	scopes    []string
	claims    string // what every request carries; grows by what a refusal asks for
	clock     Clock
	transport *transport
	cache     *cache
	msal      public.Client
}

// New checks the request and makes its Client; it sends nothing. The error is an
// *sdk.Error with INVALID_REQUEST or INVALID_SCOPE that names the setting.
func New(req *sdk.Request, opts ...Option) (*Client, error) {
	cfg := config{clock: systemClock{}}
	for _, o := range opts {
		o(&cfg)
	}
	auth, err := parseAuthority(req)
	if err != nil {
		return nil, err
	}
	scopes, err := cleanScopes(req.Scopes, req.IDToken)
	if err != nil {
		return nil, err
	}
	claims, capabilities, err := cleanClaims(req.Claims, req.ClientCapabilities)
	if err != nil {
		return nil, err
	}
	if err := checkTokenType(req); err != nil {
		return nil, err
	}
	tr, err := newTransport(req.CABundle, cfg.clock)
	if err != nil {
		return nil, err
	}
	if cfg.roundTripper != nil {
		tr.roundTripper = cfg.roundTripper
	}
	c := &Client{
		req:       req,
		authority: auth,
		scopes:    scopes,
		claims:    claims,
		clock:     cfg.clock,
		transport: tr,
		cache:     loadCache(req, auth.host),
	}
	c.msal, err = public.New(req.ClientID,
		public.WithAuthority(auth.url),
		public.WithInstanceDiscovery(auth.discoverInstance),
		public.WithClientCapabilities(capabilities),
		public.WithCache(c.cache),
		public.WithHTTPClient(tr),
	)
	if err != nil {
		return nil, invalidRequest("authority %s cannot be used", auth.url)
	}
	return c, nil
}

// Close ends idle connections.
func (c *Client) Close() { c.transport.CloseIdleConnections() }
