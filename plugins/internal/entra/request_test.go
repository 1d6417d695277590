package entra

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/plugins/internal/entra/entratest"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
	"github.com/authlatch/authlatch/sdk"
)

func TestAuthorities(t *testing.T) {
	for name, c := range map[string]struct {
		authority, tenant string
		disable           bool
		want              authority // zero: INVALID_REQUEST
	}{
		"public":              {authority: "https://login.microsoftonline.com", want: authority{url: "https://login.microsoftonline.com/organizations", host: "login.microsoftonline.com", tenant: "organizations"}},
		"trailing slash":      {authority: "https://login.microsoftonline.com/", tenant: "t.example", want: authority{url: "https://login.microsoftonline.com/t.example", host: "login.microsoftonline.com", tenant: "t.example"}},
		"upper case":          {authority: "https://Login.MicrosoftOnline.US", want: authority{url: "https://login.microsoftonline.us/organizations", host: "login.microsoftonline.us", tenant: "organizations"}},
		"sovereign":           {authority: "https://login.sovcloud-identity.fr", tenant: "common", want: authority{url: "https://login.sovcloud-identity.fr/common", host: "login.sovcloud-identity.fr", tenant: "common"}},
		"custom":              {authority: "https://idp.example:8443", want: authority{url: "https://idp.example:8443/organizations", host: "idp.example:8443", tenant: "organizations", discoverInstance: true}},
		"custom, as given":    {authority: "https://idp.example:8443", disable: true, want: authority{url: "https://idp.example:8443/organizations", host: "idp.example:8443", tenant: "organizations"}},
		"tenant in the path":  {authority: "https://login.microsoftonline.com/t.example", want: authority{url: "https://login.microsoftonline.com/t.example", host: "login.microsoftonline.com", tenant: "t.example"}},
		"AD FS":               {authority: "https://sts.contoso.example/adfs/", want: authority{url: "https://sts.contoso.example/adfs", host: "sts.contoso.example"}},
		"AD FS with a tenant": {authority: "https://sts.contoso.example/adfs", tenant: "t.example"},
		"two tenants":         {authority: "https://login.microsoftonline.com/a.example", tenant: "b.example"},
		"a longer path":       {authority: "https://login.microsoftonline.com/a/b"},
		"http":                {authority: "http://login.microsoftonline.com"},
		"no scheme":           {authority: "login.microsoftonline.com"},
		"userinfo":            {authority: "https://user:pw@login.microsoftonline.com"},
		"query":               {authority: "https://login.microsoftonline.com?x=1"},
		"empty":               {},
		"a tenant with a /":   {authority: "https://login.microsoftonline.com", tenant: "a/b"},
		"a tenant of dots":    {authority: "https://login.microsoftonline.com", tenant: ".."},
	} {
		t.Run(name, func(t *testing.T) {
			req := fakeRequest()
			req.Authority, req.Tenant, req.DisableInstanceDiscovery = c.authority, c.tenant, c.disable
			got, err := parseAuthority(req)
			if c.want == (authority{}) {
				wantReason(t, err, flowv1.ReasonInvalidRequest)
			} else if err != nil || got != c.want {
				t.Errorf("%+v, %v, want %+v", got, err, c.want)
			}
		})
	}
}

func TestScopes(t *testing.T) {
	for name, c := range map[string]struct {
		in, want []string // no want: INVALID_SCOPE
		idToken  bool
	}{
		"as they are":              {in: []string{"a/.default", "b"}, want: []string{"a/.default", "b"}},
		"what MSAL adds, twice":    {in: []string{"openid", "a/x", "offline_access", "a/x", "profile"}, want: []string{"a/x"}},
		"double slash":             {in: []string{"https://management.core.windows.net//.default"}, want: []string{"https://management.core.windows.net//.default"}},
		"openid alone":             {in: []string{"openid", "offline_access"}, want: []string{"openid"}},
		"none, for an ID token":    {idToken: true, want: []string{"openid"}},
		"none":                     {},
		"an empty one":             {in: []string{""}},
		"two in one":               {in: []string{"a b"}},
		"a line break and a quote": {in: []string{"a\n\""}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := cleanScopes(c.in, c.idToken)
			if c.want == nil {
				wantReason(t, err, flowv1.ReasonInvalidScope)
			} else if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%q, %v, want %q", got, err, c.want)
			}
		})
	}
}

func TestClaims(t *testing.T) {
	for name, c := range map[string]struct {
		claims       string
		capabilities []string
		want         string
		wantCaps     []string
		fails        bool
	}{
		"none":                      {},
		"capability only":           {capabilities: []string{"cp1"}, wantCaps: []string{"cp1"}},
		"a challenge":               {claims: `{"access_token":{"acrs":null}}`, capabilities: []string{"cp1"}, want: `{"access_token":{"acrs":null}}`, wantCaps: []string{"cp1"}},
		"a challenge that names it": {claims: `{"access_token":{"xms_cc":{"values":["cp1","cp2"]}}}`, capabilities: []string{"cp1"}, wantCaps: []string{"cp1", "cp2"}},
		"and more":                  {claims: `{"access_token":{"acrs":null,"xms_cc":{"values":["CP1"]}}}`, capabilities: []string{"cp1"}, want: `{"access_token":{"acrs":null}}`, wantCaps: []string{"cp1", "CP1"}},
		"base64":                    {claims: "eyJhIjoxfQ", fails: true},
		"an array":                  {claims: "[]", fails: true},
		"null":                      {claims: "null", fails: true},
		"large":                     {claims: `{"a":"` + strings.Repeat("x", maxClaims) + `"}`, fails: true},
		"a capability with a quote": {capabilities: []string{`cp1"]}}}`}, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			got, caps, err := cleanClaims(c.claims, c.capabilities)
			if c.fails {
				wantReason(t, err, flowv1.ReasonInvalidRequest)
			} else if err != nil || got != c.want || !slices.Equal(caps, c.wantCaps) {
				t.Errorf("%s, %q, %v, want %s, %q", got, caps, err, c.want, c.wantCaps)
			}
		})
	}
}

func TestTokenTypes(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*sdk.Request)
		fails  bool
	}{
		"none":               {change: func(*sdk.Request) {}},
		"bearer":             {change: func(r *sdk.Request) { r.TokenType = "bearer" }},
		"pop":                {change: func(r *sdk.Request) { r.TokenType, r.ReqCnf, r.KeyID = "PoP", "c", "k" }},
		"pop without a key":  {change: func(r *sdk.Request) { r.TokenType, r.KeyID = "pop", "k" }, fails: true},
		"a bound ID token":   {change: func(r *sdk.Request) { r.TokenType, r.ReqCnf, r.KeyID, r.IDToken = "pop", "c", "k", true }, fails: true},
		"ssh-cert":           {change: func(r *sdk.Request) { r.TokenType = "ssh-cert" }, fails: true},
		"no client id":       {change: func(r *sdk.Request) { r.ClientID = "" }, fails: true},
		"damaged CA bundle":  {change: func(r *sdk.Request) { r.CABundle = []byte("x") }, fails: true},
		"a capability of \"": {change: func(r *sdk.Request) { r.ClientCapabilities = []string{`"`} }, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			req := fakeRequest()
			c.change(req)
			cl, err := New(req)
			switch {
			case c.fails:
				wantReason(t, err, flowv1.ReasonInvalidRequest)
			case err != nil:
				t.Error(err)
			default:
				cl.Close()
			}
		})
	}
}

// Whom MSAL asks about an authority before it trusts it, and what comes of it.
func TestInstanceDiscovery(t *testing.T) {
	const instance = "https://login.microsoftonline.com/common/discovery/instance"
	for name, c := range map[string]struct {
		authority string
		disable   bool
		answer    reply // of instance discovery or, at the authority, of what is not scripted
		asks      bool
		reason    string
		says      string
	}{
		"a known cloud":                 {authority: "https://login.partner.microsoftonline.cn"},
		"custom, taken as given":        {authority: "https://idp.example", disable: true},
		"AD FS is never asked about":    {authority: "https://sts.contoso.example/adfs"},
		"custom, unknown to Microsoft":  {authority: "https://idp.example", asks: true, answer: reply{status: 400, body: `{"error":"invalid_instance","error_codes":[50049],"error_description":"AADSTS50049: Unknown or invalid instance."}`}, reason: flowv1.ReasonInvalidRequest, says: "unknown or invalid instance"},
		"custom, Microsoft unreachable": {authority: "https://idp.example", asks: true, answer: reply{status: 503}, reason: flowv1.ReasonTemporarilyUnavailable, says: "login.microsoftonline.com answered 503"},
		"custom, known to Microsoft":    {authority: "https://idp.example", asks: true, answer: reply{body: `{"tenant_discovery_endpoint":"https://idp.example/organizations/v2.0/.well-known/openid-configuration","metadata":[{"aliases":["idp.example"]}]}`}},
		"it sends MSAL somewhere else":  {authority: "https://idp.example", asks: true, answer: reply{body: `{"tenant_discovery_endpoint":"http://evil.example/v2.0/.well-known/openid-configuration","metadata":[]}`}, reason: flowv1.ReasonInvalidRequest, says: "not https: evil.example"},
		"metadata of another issuer":    {authority: "https://idp.example", asks: true, answer: reply{body: `{"tenant_discovery_endpoint":"https://evil.example/x/v2.0/.well-known/openid-configuration","metadata":[]}`}, reason: flowv1.ReasonInvalidRequest, says: `its issuer is "https://evil.example/x/v2.0"`},
	} {
		t.Run(name, func(t *testing.T) {
			req := fakeRequest()
			req.Authority, req.DisableInstanceDiscovery, req.Mode = c.authority, c.disable, sdk.Force
			p := &provider{other: func(*http.Request, string) reply { return c.answer }}
			_, err := GetToken(t.Context(), req, signInBy, withProvider(p), WithClock(entratest.NewClock()))
			if c.reason == "" {
				if err != nil {
					t.Error(err)
				}
			} else if e := wantReason(t, err, c.reason); !strings.Contains(e.Message, c.says) {
				t.Errorf("message %q, want %q in it", e.Message, c.says)
			}
			if asks := slices.ContainsFunc(p.urls, func(u string) bool { return strings.HasPrefix(u, instance) }); asks != c.asks {
				t.Errorf("asked Microsoft: %v, want %v (%q)", asks, c.asks, p.urls)
			}
		})
	}
}

func TestMergeClaims(t *testing.T) {
	for _, c := range []struct{ base, more, want string }{
		{"", "", ""},
		{`{"a":1}`, "", `{"a":1}`},
		{"", `{"a":1}`, `{"a":1}`},
		{`{"a":1}`, "nonsense", `{"a":1}`},
		{`{"t":{"a":1,"b":2}}`, `{"t":{"b":3,"c":4}}`, `{"t":{"a":1,"b":3,"c":4}}`},
		{`{"t":null}`, `{"t":{"b":3}}`, `{"t":{"b":3}}`},
	} {
		if got := mergeClaims(c.base, c.more); got != c.want {
			t.Errorf("mergeClaims(%s, %s) = %s, want %s", c.base, c.more, got, c.want)
		}
	}
}
