package launch

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"google.golang.org/protobuf/proto"

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

// FuzzChecks gives the checks whatever a flow can put on the wire: they refuse
// it in one clean line, or what they let through is within the limits.
func FuzzChecks(f *testing.F) {
	for _, m := range []proto.Message{
		&flowv1.Token{Secret: "x", ExpiresOn: 2000, Account: &flowv1.Account{Id: "1"}},
		&flowv1.DescribeResponse{Name: "corp", Features: []string{"pop"}, Options: []*flowv1.Option{{Name: "a", Help: "\x1b[1m"}}},
		&flowv1.Interaction{Id: 1, Kind: &flowv1.Interaction_OpenUrl{OpenUrl: &flowv1.OpenURL{Url: "https://a.example/"}}},
		&flowv1.Interaction{Id: 1, Kind: &flowv1.Interaction_Input{Input: &flowv1.Input{Name: "otp", Label: "code"}}},
		&flowv1.Interaction{Id: 1, Kind: &flowv1.Interaction_DeviceAuthorization{DeviceAuthorization: &flowv1.DeviceAuthorization{UserCode: "A", VerificationUri: "https://a.example/"}}},
	} {
		b, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	now := time.Unix(1000, 0)
	f.Fuzz(func(t *testing.T, b []byte) {
		var errs []error
		var token flowv1.Token
		if proto.Unmarshal(b, &token) == nil {
			err := checkToken(&token, &flowv1.Start{}, now)
			errs = append(errs, err)
			if err == nil && (token.GetSecret() == "" || token.GetExpiresOn() <= now.Unix() || len(token.GetState()) > flowv1.MaxStateSize) {
				t.Errorf("let through: %v", &token)
			}
		}
		var d flowv1.DescribeResponse
		if proto.Unmarshal(b, &d) == nil {
			errs = append(errs, checkDescription(&d, "corp"))
		}
		var i flowv1.Interaction
		if proto.Unmarshal(b, &i) == nil {
			_, err := checkInteraction(&i, flowv1.InteractionMode_INTERACTION_MODE_IF_NEEDED)
			errs = append(errs, err)
			if u := i.GetOpenUrl().GetUrl(); err == nil && i.GetOpenUrl() != nil && !strings.HasPrefix(strings.ToLower(u), "https://") {
				t.Errorf("let through: %q", u)
			}
		}
		for _, err := range errs {
			if err != nil && (len(err.Error()) > 1000 || strings.ContainsFunc(err.Error(), unicode.IsControl)) {
				t.Errorf("not one clean line: %q", err)
			}
		}
	})
}
