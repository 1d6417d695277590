package emulator_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/authlatch/authlatch/emulator"
	"github.com/authlatch/authlatch/emulator/person"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	alice    = "alice@contoso.example"
	armScope = "https://management.azure.com/.default"
	redirect = "http://localhost:1"
	verifier = "a-code-verifier-of-at-least-forty-three-characters"
)

func passwordOf(username string) string {
	name, _, _ := strings.Cut(username, "@")
	return "not-a-secret-" + name
}

// clock is a time that only moves when told to.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Now().Truncate(time.Second)} }

func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.t }

func (c *clock) advance(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.t = c.t.Add(d) }

func start(t *testing.T, opts emulator.Options) *emulator.Server {
	t.Helper()
	s, err := emulator.Start(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// someone is a person with a browser of their own.
func someone(s *emulator.Server, username string) *person.Person {
	return person.New(s.Client(), username, passwordOf(username))
}

// reply is a JSON answer as a client reads it.
type reply struct {
	status int
	header http.Header
	raw    string

	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	IDToken      string `json:"id_token"`
	TokenType    string `json:"token_type"`
	Scope        string `json:"scope"`
	ExpiresIn    int    `json:"expires_in"`
	RefreshIn    int    `json:"refresh_in"`
	ClientInfo   string `json:"client_info"`

	DeviceCode      string `json:"device_code"`
	UserCode        string `json:"user_code"`
	VerificationURI string `json:"verification_uri"`
	Interval        int    `json:"interval"`

	Error         string `json:"error"`
	Description   string `json:"error_description"`
	Codes         []int  `json:"error_codes"`
	Suberror      string `json:"suberror"`
	Claims        string `json:"claims"`
	CorrelationID string `json:"correlation_id"`
	TraceID       string `json:"trace_id"`
}

func (r reply) code() int {
	if len(r.Codes) == 0 {
		return 0
	}
	return r.Codes[0]
}

func (r reply) want(t *testing.T, oauth string, aadsts int) {
	t.Helper()
	if r.Error != oauth || r.code() != aadsts {
		t.Fatalf("got %d %s AADSTS%d (%s), want %s AADSTS%d", r.status, r.Error, r.code(), r.Description, oauth, aadsts)
	}
}

func (r reply) ok(t *testing.T) reply {
	t.Helper()
	if r.status != http.StatusOK {
		t.Fatalf("got %d: %s", r.status, r.raw)
	}
	return r
}

func read(t *testing.T, response *http.Response, err error) reply {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	r := reply{status: response.StatusCode, header: response.Header, raw: string(body)}
	if strings.HasPrefix(response.Header.Get("Content-Type"), "application/json") {
		// Other documents may use the names otherwise; a test then reads raw.
		var otherType *json.UnmarshalTypeError
		if err := json.Unmarshal(body, &r); err != nil && !errors.As(err, &otherType) && response.StatusCode < 300 {
			t.Fatalf("%v in %s", err, body)
		}
	}
	return r
}

// form makes url.Values of pairs; an empty value leaves the name out.
func form(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	return v
}

func with(v url.Values, pairs ...string) url.Values {
	changed := url.Values{}
	for name, values := range v {
		changed[name] = values
	}
	for i := 0; i < len(pairs); i += 2 {
		if changed.Del(pairs[i]); pairs[i+1] != "" {
			changed.Set(pairs[i], pairs[i+1])
		}
	}
	return changed
}

func post(t *testing.T, s *emulator.Server, path string, v url.Values) reply {
	t.Helper()
	response, err := s.Client().PostForm(s.URL()+path, v)
	return read(t, response, err)
}

func get(t *testing.T, s *emulator.Server, path, bearer string) reply {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if bearer != "" {
		request.Header.Set("Authorization", "Bearer "+bearer)
	}
	response, err := s.Client().Do(request)
	return read(t, response, err)
}

func tokenRequest(t *testing.T, s *emulator.Server, v url.Values) reply {
	t.Helper()
	return post(t, s, "/organizations/oauth2/v2.0/token", v)
}

func passwordForm(username string) url.Values {
	return form("grant_type", "password", "client_id", emulator.AzureCLIClient, "username", username,
		"password", passwordOf(username), "scope", armScope+" openid profile offline_access", "client_info", "1")
}

func refreshForm(refreshToken string) url.Values {
	return form("grant_type", "refresh_token", "client_id", emulator.AzureCLIClient, "refresh_token", refreshToken, "scope", armScope+" offline_access openid")
}

// newBrowser is a client with cookies that shows redirects instead of following them.
func newBrowser(t *testing.T, s *emulator.Server) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := *s.Client()
	c.Jar = jar
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

func payload(t *testing.T, jwt string) map[string]any {
	t.Helper()
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		t.Fatalf("not a JWT: %d parts", len(parts))
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(raw, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}
