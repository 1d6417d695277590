package host_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/launch"
	"github.com/authlatch/authlatch/host/registry"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

func TestFlowsInOrder(t *testing.T) {
	cannot := fails(reason(flowv1.ReasonFlowUnavailable))
	dies := fails(&launch.PluginError{Flow: "browser", What: "died"})
	cases := []struct {
		name     string
		flows    map[string]behaviour
		req      host.TokenRequest
		launches string
		code     host.ExitCode
	}{
		{"the first that works", nil, host.TokenRequest{}, "browser IF_NEEDED", 0},
		{"one that cannot work here yields", map[string]behaviour{"browser": cannot}, host.TokenRequest{}, "browser IF_NEEDED, devicecode IF_NEEDED", 0},
		{"in a forced sign-in too", map[string]behaviour{"browser": cannot}, host.TokenRequest{Interaction: host.Force}, "browser FORCE, devicecode FORCE", 0},
		{"one that was named does not", map[string]behaviour{"browser": cannot}, host.TokenRequest{Flow: "browser"}, "browser IF_NEEDED", host.ExitInteraction},
		{"none works", map[string]behaviour{"browser": cannot, "devicecode": cannot}, host.TokenRequest{}, "browser IF_NEEDED, devicecode IF_NEEDED", host.ExitInteraction},
		{"a person's no ends it", map[string]behaviour{"browser": fails(reason(flowv1.ReasonAccessDenied))}, host.TokenRequest{}, "browser IF_NEEDED", host.ExitDeclined},
		{"an expired code ends it", map[string]behaviour{"browser": fails(reason(flowv1.ReasonExpiredToken))}, host.TokenRequest{}, "browser IF_NEEDED", host.ExitDeclined},
		{"a dead flow ends it", map[string]behaviour{"browser": dies}, host.TokenRequest{}, "browser IF_NEEDED", host.ExitPlugin},
		{"a missing flow ends it", map[string]behaviour{"browser": nil}, host.TokenRequest{}, "", host.ExitPlugin},
		{"the password flow is no fallback", map[string]behaviour{"browser": cannot, "devicecode": cannot}, host.TokenRequest{}, "browser IF_NEEDED, devicecode IF_NEEDED", host.ExitInteraction},
		{"but can be named", nil, host.TokenRequest{Flow: "password"}, "password IF_NEEDED", 0},
		{"a stranger cannot", nil, host.TokenRequest{Flow: "corp"}, "", host.ExitUsage},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			for name, do := range c.flows {
				w.flows[name] = do
				if do == nil {
					delete(w.flows, name)
				}
			}
			_, err := w.host().GetToken(t.Context(), c.req)
			want(t, "exit code", code(err), c.code)
			want(t, "launches", strings.Join(w.launches(), ", "), c.launches)
		})
	}
}

func TestFlowsThatMayNotRun(t *testing.T) {
	w := newWorld(t)
	delete(w.flows, "browser")
	_, err := w.host().GetToken(t.Context(), host.TokenRequest{})
	want(t, "text", err.Error(), `no flow "browser": there are devicecode, password`)

	w.Registry = untrusting{}
	_, err = w.host().GetToken(t.Context(), host.TokenRequest{})
	want(t, "exit code", code(err), host.ExitPlugin)
	want(t, "text", err.Error(), "flow browser is not trusted: /x is writable by its group")

	w.Registry = nil
	_, err = w.host().GetToken(t.Context(), host.TokenRequest{})
	want(t, "exit code without a registry", code(err), host.ExitPlugin)
}

type untrusting struct{}

func (untrusting) Find(name string) (launch.Binary, error) {
	return launch.Binary{}, &registry.NotTrustedError{Name: name, Path: "/x", Reason: "is writable by its group"}
}

// A flow renews what it signed in, also after the profile has dropped it; if it
// is not installed any more either, somebody signs in anew.
func TestFlowDroppedFromTheProfile(t *testing.T) {
	w := newWorld(t)
	if _, err := w.host().SignIn(t.Context(), host.TokenRequest{Flow: "password"}); err != nil {
		t.Fatal(err)
	}
	w.pass(hour)
	if _, err := w.host().GetToken(t.Context(), host.TokenRequest{}); err != nil {
		t.Fatal(err)
	}
	delete(w.flows, "password")
	w.pass(hour)
	if _, err := w.host().GetToken(t.Context(), host.TokenRequest{}); err != nil {
		t.Fatal(err)
	}
	wantLaunches(t, w, "password FORCE", "password NEVER", "browser IF_NEEDED")
}

func TestOptions(t *testing.T) {
	options := []*flowv1.Option{
		{Name: "redirect_port", Kind: flowv1.OptionKind_OPTION_KIND_INTEGER},
		{Name: "timeout", Kind: flowv1.OptionKind_OPTION_KIND_DURATION},
		{Name: "pin", Kind: flowv1.OptionKind_OPTION_KIND_STRING, Secret: true},
		{Name: "from_the_future", Kind: 77},
	}
	cases := []struct {
		name    string
		options string
		err     string // what the error says; "" is none
		sent    map[string]string
	}{
		{"none set", "", "", nil},
		{"set", "redirect_port = 8400\ntimeout = \"90s\"", "", map[string]string{"redirect_port": "8400", "timeout": "90s"}},
		{"a kind newer than this host is text", `from_the_future = "x"`, "", map[string]string{"from_the_future": "x"}},
		{"a reference", `pin = { env = "PIN" }`, "", map[string]string{"pin": "1234"}},
		{"unknown", "redirect_prot = 8400", "profiles.work.flow.browser.redirect_prot", nil},
		{"another kind", `redirect_port = "x"`, "profiles.work.flow.browser.redirect_port", nil},
		{"a secret written out", `pin = "1234"`, "profiles.work.flow.browser.pin", nil},
		{"a reference to nothing", `pin = { env = "NIP" }`, "profiles.work.flow.browser.pin: the variable NIP is not set", nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.described["browser"] = &flowv1.DescribeResponse{Name: "browser", Options: options}
			if c.options != "" {
				w.Settings = settings(t, "[profiles.work.flow.browser]\n"+c.options)
			}
			w.Env = func(name string) string { return map[string]string{"PIN": "1234"}[name] }
			h := w.host()
			_, err := h.GetToken(t.Context(), host.TokenRequest{})
			if c.err != "" {
				want(t, "exit code", code(err), host.ExitUsage)
				if !strings.Contains(err.Error(), c.err) {
					t.Errorf("%q does not say %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want(t, "options", len(w.last().GetOptions()), len(c.sent))
			for name, value := range c.sent {
				want(t, name, w.last().GetOptions()[name], value)
			}
		})
	}
}

// A flow is asked what it is once in a process, and a shipped one without
// options not at all.
func TestDescribeIsRare(t *testing.T) {
	w := newWorld(t)
	w.Settings = settings(t, "[profiles.work.flow.browser]\nhint = \"x\"")
	w.described["browser"] = &flowv1.DescribeResponse{Name: "browser", Options: []*flowv1.Option{{Name: "hint", Help: "who"}}}
	h := w.host()
	for range 2 {
		if _, err := h.SignIn(t.Context(), host.TokenRequest{}); err != nil {
			t.Fatal(err)
		}
	}
	wantLaunches(t, w, "browser describe", "browser FORCE", "browser FORCE")
	f, err := h.Describe(t.Context(), "browser")
	if err != nil {
		t.Fatal(err)
	}
	want(t, "option", f.Options[0], host.FlowOption{Name: "hint", Kind: "string", Help: "who"})
	wantLaunches(t, w)
	_, err = h.Describe(t.Context(), "corp")
	want(t, "exit code of one that is not there", code(err), host.ExitPlugin)
}

func TestRequestsThatAreRefused(t *testing.T) {
	concrete := "tenant = \"contoso.example\"\nadditionally_allowed_tenants = [\"fabrikam.example\"]"
	cases := []struct {
		name    string
		profile string
		req     host.TokenRequest
		code    host.ExitCode
	}{
		{"the profile's tenant", concrete, host.TokenRequest{Tenant: "Contoso.example"}, 0},
		{"an allowed tenant", concrete, host.TokenRequest{Tenant: "fabrikam.example"}, 0},
		{"another tenant", concrete, host.TokenRequest{Tenant: "evil.example"}, host.ExitPolicy},
		{"any tenant", "tenant = \"contoso.example\"\nadditionally_allowed_tenants = [\"*\"]", host.TokenRequest{Tenant: "evil.example"}, 0},
		{"a profile of many tenants", "", host.TokenRequest{Tenant: "fabrikam.example"}, 0},
		{"a malformed tenant", "", host.TokenRequest{Tenant: "../etc"}, host.ExitUsage},
		{"a malformed scope", "", host.TokenRequest{Scopes: []string{"a b"}}, host.ExitUsage},
		{"an empty scope", "", host.TokenRequest{Scopes: []string{""}}, host.ExitUsage},
		{"two resources", "", host.TokenRequest{Scopes: []string{"https://a/x", "https://b/x"}}, host.ExitUsage},
		{"claims that are none", "", host.TokenRequest{Claims: "eyJh"}, host.ExitUsage},
		{"claims that are too long", "", host.TokenRequest{Claims: `{"a":"` + strings.Repeat("a", 9000) + `"}`}, host.ExitUsage},
		{"a token type", "", host.TokenRequest{TokenType: "mac"}, host.ExitUsage},
		{"a bound token without a key", "", host.TokenRequest{TokenType: "pop"}, host.ExitUsage},
		{"a bound ID token", "", host.TokenRequest{TokenType: "pop", ReqCnf: "x", KeyID: "k", IDToken: true}, host.ExitUsage},
		{"a mode", "", host.TokenRequest{Interaction: 7}, host.ExitUsage},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.Settings = settings(t, c.profile)
			_, err := w.host().GetToken(t.Context(), c.req)
			want(t, "exit code", code(err), c.code)
			if c.code != 0 {
				wantLaunches(t, w)
			}
			var bad *config.Error
			if c.code == host.ExitPolicy && !errors.As(err, &bad) {
				t.Error("the error does not wrap config's")
			}
		})
	}
}

// remembering is a registry that keeps what flows say of themselves.
type remembering struct {
	host.Registry
	kept map[launch.Binary]*flowv1.DescribeResponse
}

func (r remembering) Description(b launch.Binary) *flowv1.DescribeResponse { return r.kept[b] }
func (r remembering) KeepDescription(b launch.Binary, d *flowv1.DescribeResponse) {
	r.kept[b] = d
}

// What one process has asked the next need not.
func TestDescriptionIsKept(t *testing.T) {
	w := newWorld(t)
	r := remembering{w, map[launch.Binary]*flowv1.DescribeResponse{}}
	w.Registry = r
	for range 2 {
		if _, err := w.host().Describe(t.Context(), "browser"); err != nil {
			t.Fatal(err)
		}
	}
	wantLaunches(t, w, "browser describe")
	want(t, "kept", len(r.kept), 1)
}

// A flow that was found changed when it was about to run is told with both sums
// and what to do, in three lines.
func TestChangedFlow(t *testing.T) {
	w := newWorld(t)
	w.flows["browser"] = fails(&launch.ChangedError{Flow: "browser", Path: "/x", Want: "aa", Got: "bb"})
	_, err := w.host().GetToken(t.Context(), host.TokenRequest{})
	want(t, "exit code", code(err), host.ExitPlugin)
	var told *host.Error
	if !errors.As(err, &told) {
		t.Fatal(err)
	}
	want(t, "lines", strings.Join(told.Lines(), "\n"), "flow browser is not trusted: /x has changed\n"+
		"flow browser: trusted with sha256 aa, now bb\n"+
		"if you know why it changed, look at it again: authlatch flow trust browser")
	want(t, "launches", strings.Join(w.launches(), ", "), "browser IF_NEEDED")
}
