package entra

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/authlatch/authlatch/plugins/internal/entra/entratest"
	"github.com/authlatch/authlatch/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	fakeHost   = "login.microsoftonline.com" // known: no instance discovery
	fakeHome   = "uid-1.home-tenant"
	fakeClient = "client-1"
	fakeScope  = "https://api.example/.default"
	canaryAT   = "access-token-canary-0123456789"
	canaryRT   = "refresh-token-canary-0123456789"
)

// provider is a scripted identity provider in memory.
type provider struct {
	// token answers token requests; nil answers with a good token.
	token func(form url.Values) reply
	// other answers what is not metadata and no token request.
	other func(req *http.Request, body string) reply
	// metadata are the authority's; "" are Entra ID's.
	metadata string
	forms    []url.Values
	urls     []string
}

// reply is an answer; err breaks the connection instead.
type reply struct {
	status int
	body   string
	header http.Header
	err    error
}

func (p *provider) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
	}
	p.urls = append(p.urls, req.URL.String())
	var r reply
	switch discovery := strings.HasSuffix(req.URL.Path, "/.well-known/openid-configuration"); {
	case discovery && p.metadata != "":
		r = reply{body: p.metadata}
	case discovery:
		base := "https://" + req.URL.Host + "/" + strings.Split(req.URL.Path, "/")[1]
		r = reply{body: fmt.Sprintf(`{"issuer":%q,"authorization_endpoint":%q,"token_endpoint":%q}`, base+"/v2.0", base+"/oauth2/v2.0/authorize", base+"/oauth2/v2.0/token")}
	case req.Method == http.MethodPost && strings.HasSuffix(req.URL.Path, "/token"):
		form, _ := url.ParseQuery(string(body))
		p.forms = append(p.forms, form)
		if p.token == nil {
			r = reply{body: goodToken(nil)}
		} else {
			r = p.token(form)
		}
	default:
		r = p.other(req, string(body))
	}
	if r.err != nil {
		return nil, r.err
	}
	if r.status == 0 {
		r.status = http.StatusOK
	}
	if r.header == nil {
		r.header = http.Header{}
	}
	return &http.Response{StatusCode: r.status, Header: r.header, Body: io.NopCloser(strings.NewReader(r.body)), Request: req}, nil
}

// goodToken is a token answer with the changes of more; nil drops a field.
func goodToken(more map[string]any) string {
	fields := map[string]any{
		"token_type": "Bearer", "expires_in": 3600, "scope": "openid profile " + fakeScope,
		"access_token": canaryAT, "refresh_token": canaryRT,
		"id_token":    jwt(map[string]any{"aud": fakeClient, "exp": time.Now().Add(time.Hour).Unix(), "oid": "uid-1", "tid": "home-tenant", "sub": "sub-1", "preferred_username": "alice@contoso.example"}),
		"client_info": base64.RawURLEncoding.EncodeToString([]byte(`{"uid":"uid-1","utid":"home-tenant"}`)),
	}
	for k, v := range more {
		if v == nil {
			delete(fields, k)
		} else {
			fields[k] = v
		}
	}
	b, _ := json.Marshal(fields)
	return string(b)
}

func jwt(claims map[string]any) string {
	b, _ := json.Marshal(claims)
	return "eyJhbGciOiJub25lIn0." + base64.RawURLEncoding.EncodeToString(b) + ".c2ln"
}

// fakeRequest is for the scripted provider.
func fakeRequest() *sdk.Request {
	return &sdk.Request{
		Authority: "https://" + fakeHost, ClientID: fakeClient, Scopes: []string{fakeScope},
		ClientCapabilities: []string{"cp1"}, Mode: sdk.Never,
	}
}

// withProvider makes Clients talk to p.
func withProvider(p *provider) Option {
	return func(cfg *config) { cfg.roundTripper = p }
}

// fakeState is a state as a sign-in at the scripted provider leaves it.
func fakeState(t *testing.T) []byte {
	t.Helper()
	req := fakeRequest()
	req.Mode = sdk.Force
	tok, err := GetToken(t.Context(), req, func(ctx context.Context, c *Client) (*sdk.Token, error) {
		return c.RedeemAuthCode(ctx, "code-1", AuthCode{RedirectURI: "http://localhost:1", Verifier: "verifier"})
	}, withProvider(&provider{}), WithClock(entratest.NewClock()))
	if err != nil {
		t.Fatalf("sign-in at the scripted provider: %v", err)
	}
	return tok.State
}

// noSignIn fails the test if a person is asked.
func noSignIn(t *testing.T) SignIn {
	return func(context.Context, *Client) (*sdk.Token, error) {
		t.Error("a person was asked")
		return nil, sdk.ErrUnavailable
	}
}
