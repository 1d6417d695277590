package launch

import (
	"strings"
	"testing"

	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

func TestScopes(t *testing.T) {
	const graph, arm = "https://graph.microsoft.com/", "https://management.core.windows.net//"
	for _, c := range []struct {
		name           string
		asked, granted []string
		idToken        bool
		want           string // in the error; "" for none
	}{
		{"does not say", []string{"a"}, nil, false, ""},
		{"the same", []string{"a", "b"}, []string{"b", "a"}, false, ""},
		{"more", []string{"a"}, []string{"a", "b"}, false, ""},
		{"another case", []string{graph + "User.Read"}, []string{graph + "user.read"}, false, ""},
		{"a resource's default", []string{arm + ".default"}, []string{arm + "user_impersonation"}, false, ""},
		{"OpenID Connect's", []string{"openid", "email", "a"}, []string{"a"}, false, ""},
		{"an ID token", []string{"a"}, []string{"b"}, true, ""},
		{"another", []string{"a"}, []string{"b"}, false, `for the scope "b", not for "a"`},
		{"less", []string{"a", "b"}, []string{"a"}, false, `not for "b"`},
		{"another resource's", []string{graph + ".default"}, []string{"https://graph.microsoft.com.evil/x"}, false, "not for"},
		{"the resource alone", []string{graph + ".default"}, []string{graph}, false, "not for"},
		{"no resource", []string{".default"}, []string{"x"}, false, "not for"},
	} {
		t.Run(c.name, func(t *testing.T) {
			start := &flowv1.Start{Scopes: c.asked}
			if c.idToken {
				start.Credential = flowv1.Credential_CREDENTIAL_ID_TOKEN
			}
			err := checkScopes(&flowv1.Token{Scopes: c.granted}, start)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
