package entra

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
	"github.com/authlatch/authlatch/sdk"
)

func TestDeviceEndpoint(t *testing.T) {
	for _, c := range []struct{ device, token, want string }{
		{"https://token.example/t/oauth2/v2.0/devicecode", "https://token.example/t/oauth2/v2.0/token", "https://token.example/t/oauth2/v2.0/devicecode"},
		{"", "https://token.example/t/oauth2/v2.0/token", "https://token.example/t/oauth2/v2.0/devicecode"},
		{"", "https://idp.example/tokens.example/oauth2/v2.0/token", "https://idp.example/tokens.example/oauth2/v2.0/devicecode"},
		{"", "https://idp.example/a%2Ftoken/token?p=token", "https://idp.example/a%2Ftoken/devicecode?p=token"},
		{"", "https://adfs.example/adfs/oauth2/token", "https://adfs.example/adfs/oauth2/devicecode"},
		{"https://evil.example/devicecode", "https://idp.example/token", "https://idp.example/devicecode"},
		{"http://idp.example/other", "https://idp.example/token", "https://idp.example/devicecode"},
		{"", "https://idp.example/token.oauth2", ""},
		{"", "http://idp.example/token", ""},
		{"https://idp.example/devicecode", "%", ""},
	} {
		got := ""
		if u := deviceEndpoint(c.device, c.token); u != nil {
			got = u.String()
		}
		if got != c.want {
			t.Errorf("deviceEndpoint(%q, %q) = %q, want %q", c.device, c.token, got, c.want)
		}
	}
}

// signInByDevice runs a device code sign-in of authority and tenant at p.
func signInByDevice(t *testing.T, authority, tenant string, p *provider) error {
	t.Helper()
	req := fakeRequest()
	req.Mode, req.Authority, req.Tenant, req.DisableInstanceDiscovery = sdk.Force, authority, tenant, true
	_, err := GetToken(t.Context(), req, func(ctx context.Context, c *Client) (*sdk.Token, error) {
		return c.DeviceCode(ctx, 0, func(sdk.DeviceAuthorization) error { return sdk.ErrUnavailable })
	}, withProvider(p))
	return err
}

// MSAL would ask devicecode.example for the code of an authority token.example,
// and devicecodes.example's tenant for one of tokens.example.
func TestCodeIsAskedOfTheAuthorityOnly(t *testing.T) {
	p := &provider{other: func(*http.Request, string) reply { return reply{body: deviceBody} }}
	_ = signInByDevice(t, "https://token.example", "tokens.example", p)
	if want := "https://token.example/tokens.example/oauth2/v2.0/devicecode"; !slices.Contains(p.urls, want) {
		t.Errorf("asked %q, want %s among them", p.urls, want)
	}
	for _, u := range p.urls {
		if !strings.HasPrefix(u, "https://token.example/tokens.example/") {
			t.Errorf("asked %s", u)
		}
	}
}

// A provider without such an endpoint is not asked at a guessed address.
func TestNoDeviceEndpoint(t *testing.T) {
	p := &provider{metadata: fmt.Sprintf(`{"issuer":"https://%s/t/v2.0","authorization_endpoint":"https://%[1]s/t/authorize","token_endpoint":"https://%[1]s/t/token.oauth2"}`, fakeHost)}
	p.other = func(req *http.Request, _ string) reply {
		t.Errorf("asked %s", req.URL)
		return reply{status: http.StatusNotFound}
	}
	wantReason(t, signInByDevice(t, "https://"+fakeHost, "t", p), flowv1.ReasonFlowUnavailable)
}
