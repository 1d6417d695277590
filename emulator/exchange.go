package emulator

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// exchange is one request and its answer on the way through the server.
type exchange struct {
	s    *Server
	w    http.ResponseWriter
	r    *http.Request
	to   route
	form url.Values // of the body, if it is a form
	// malformed is why the body could not be read as a form.
	malformed string

	traceID, correlationID string
	entry                  Request
}

// maxBody is far above any honest request: an assertion is some 10 KiB.
const maxBody = 1 << 20

// ServeHTTP answers one request. It is exported by necessity; use URL and Client.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if control, ok := strings.CutPrefix(r.URL.Path, "/_emulator/"); ok && !strings.HasPrefix(control, "trap") {
		s.control(w, r)
		return
	}
	began := time.Now()
	recorder := &statusRecorder{ResponseWriter: w}
	x := &exchange{s: s, w: recorder, r: r, to: routeOf(r.URL.Path), traceID: newGUID()}
	x.readForm()
	x.identify()
	x.begin()
	defer func() {
		x.entry.Duration, x.entry.Status = time.Since(began), recorder.status
		s.record(x.entry)
		s.opts.Log.Debug("request", "method", r.Method, "path", r.URL.Path, "status", recorder.status,
			"error", x.entry.Error, "correlation_id", x.correlationID)
	}()
	if fault := s.takeFault(x); fault != nil {
		x.entry.Fault = string(fault.Kind)
		x.suffer(fault)
		return
	}
	x.to.serve(x)
}

// readForm parses an application/x-www-form-urlencoded body. Other bodies are
// left to the handler, as Entra ignores what it was not told to be a form.
func (x *exchange) readForm() {
	if x.r.Method != http.MethodPost {
		return
	}
	kind, _, err := mime.ParseMediaType(x.r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return
	}
	body, err := io.ReadAll(x.r.Body)
	if err != nil {
		x.malformed = "the body could not be read"
		return
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		x.malformed = "the body is not a form"
		return
	}
	x.form = form
}

// identify takes over the client's correlation id, as Entra does.
func (x *exchange) identify() {
	x.correlationID = x.r.Header.Get("client-request-id")
	if x.correlationID == "" {
		x.correlationID = x.r.URL.Query().Get("client-request-id")
	}
	if !isGUID(x.correlationID) {
		x.correlationID = newGUID()
	}
	h := x.w.Header()
	h.Set("x-ms-request-id", x.traceID)
	h.Set("x-ms-ests-server", "emulator, not Microsoft")
	h.Set("client-request-id", x.correlationID)
	h.Set("Cache-Control", "no-store, no-cache")
	h.Set("Pragma", "no-cache")
	h.Set("X-Content-Type-Options", "nosniff")
}

// begin starts the journal's entry and counts the request.
func (x *exchange) begin() {
	params := x.form
	if params == nil {
		params = x.r.URL.Query()
	}
	keys := make([]string, 0, len(params))
	for key := range params {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	x.entry = Request{
		Time: x.s.now(), Method: x.r.Method, Path: x.r.URL.Path, Endpoint: x.to.endpoint, Tenant: x.to.tenant,
		GrantType: params.Get("grant_type"), ClientID: params.Get("client_id"), Scope: params.Get("scope"),
		Claims: params.Get("claims"), Prompt: params.Get("prompt"), Keys: keys, UserAgent: x.r.UserAgent(),
		HasAuthorization: x.r.Header.Get("Authorization") != "", CorrelationID: x.correlationID,
	}
	x.s.count(func(c *Counters) {
		c.Total++
		switch x.to.endpoint {
		case EndpointDiscovery:
			c.Discovery++
		case EndpointInstance:
			c.InstanceDiscovery++
		case EndpointUserRealm:
			c.UserRealm++
		case EndpointAuthorize:
			c.Authorize++
		case EndpointDeviceCode:
			c.DeviceCode++
		case EndpointToken:
			grant := shortGrant(x.entry.GrantType)
			c.Token[grant]++
			if grant == "device_code" {
				c.Polls++
			}
		case EndpointAPI:
			c.API++
		case "jwks":
			c.JWKS++
		case "wstrust":
			c.WSTrust++
		case "trap":
			if x.r.ContentLength != 0 {
				c.Trapped++
			}
		}
	})
}

// param is the single value of a body parameter, "" if absent.
func (x *exchange) param(name string) string { return x.form.Get(name) }

// duplicate finds a parameter that was sent twice (RFC 6749 section 3.2 forbids it).
func duplicate(params url.Values) *oauthError {
	for name, values := range params {
		if len(values) > 1 {
			return errDuplicate(name)
		}
	}
	return nil
}

// statusRecorder remembers the status for the journal.
type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (r *statusRecorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *statusRecorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *statusRecorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
