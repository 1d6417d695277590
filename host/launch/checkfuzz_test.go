package launch

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"google.golang.org/protobuf/proto"

	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// The fuzz targets give the checks whatever a flow can put on the wire: they
// refuse it in one clean line, or what they let through is within the limits.

// decoded adds seeds, and is a target that gets what decodes as a T.
func decoded[T proto.Message](f *testing.F, check func(t *testing.T, m T) error, seeds ...T) {
	for _, m := range seeds {
		b, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m := seeds[0].ProtoReflect().New().Interface().(T)
		if proto.Unmarshal(b, m) != nil {
			return
		}
		if err := check(t, m); err != nil && !oneCleanLine(err.Error()) {
			t.Errorf("not one clean line: %q", err)
		}
	})
}

func oneCleanLine(s string) bool {
	return len(s) <= 1000 && !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) })
}

// identifies reports whether s can stand in a line of a list as it is.
func identifies(s string) bool { return len(s) <= maxShortText && oneCleanLine(s) }

func FuzzToken(f *testing.F) {
	now := time.Unix(1000, 0)
	start := &flowv1.Start{Scopes: []string{"api://a/.default"}}
	decoded(f, func(t *testing.T, m *flowv1.Token) error {
		if err := checkToken(m, start, now); err != nil {
			return err
		}
		if s := m.GetSecret(); s == "" || len(s) > maxSecret || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Errorf("let through the token %q", s)
		}
		if left := m.GetExpiresOn() - now.Unix(); left <= 0 || left > int64(maxLifetime/time.Second) || m.GetRefreshOn() < 0 || m.GetRefreshOn() > m.GetExpiresOn() {
			t.Errorf("let through the expiry %d and the renewal %d", m.GetExpiresOn(), m.GetRefreshOn())
		}
		if len(m.GetState()) > flowv1.MaxStateSize || len(m.GetScopes()) > maxList || m.GetAccount().GetId() == "" || !strings.EqualFold(tokenType(m.GetTokenType()), "bearer") {
			t.Errorf("let through %v", m)
		}
		a := m.GetAccount()
		for _, s := range append([]string{a.GetId(), a.GetUsername(), a.GetTenant(), a.GetEnvironment()}, m.GetScopes()...) {
			if !identifies(s) {
				t.Errorf("let through %q", s)
			}
		}
		return nil
	},
		&flowv1.Token{Secret: "x", ExpiresOn: 2000, Account: &flowv1.Account{Id: "1"}},
		&flowv1.Token{Secret: "x", ExpiresOn: 2000, RefreshOn: 1500, TokenType: "Bearer", Scopes: []string{"api://a/x"}, State: []byte("s"), Account: &flowv1.Account{Id: "1", Username: "\u202e"}},
		&flowv1.Token{Secret: "x", ExpiresOn: 2000, RefreshOn: -1, Account: &flowv1.Account{Id: "1"}},
		&flowv1.Token{Secret: "x\n", ExpiresOn: -1 << 63, Account: &flowv1.Account{Id: "\x1b[1m"}},
	)
}

func FuzzDescription(f *testing.F) {
	decoded(f, func(t *testing.T, m *flowv1.DescribeResponse) error {
		if err := checkDescription(m, "corp"); err != nil {
			return err
		}
		if m.GetName() != "corp" || len(m.GetFeatures()) > maxList || len(m.GetOptions()) > maxList || !identifies(m.GetVersion()) {
			t.Errorf("let through %v", m)
		}
		for _, o := range m.GetOptions() {
			// Both are cut by characters, of four bytes at most.
			if !isOptionName(o.GetName()) || len(o.GetHelp()) > 4*maxShortText || strings.ContainsFunc(o.GetHelp()+o.GetDefaultValue(), unicode.IsControl) {
				t.Errorf("let through the option %v", o)
			}
		}
		once := proto.Clone(m)
		if err := checkDescription(m, "corp"); err != nil || !proto.Equal(once, m) {
			t.Errorf("what was cleaned is not clean: %v, %v, %v", err, once, m)
		}
		return nil
	},
		&flowv1.DescribeResponse{Name: "corp", Features: []string{"pop"}, Options: []*flowv1.Option{{Name: "a", Help: "\x1b[1m"}}},
		&flowv1.DescribeResponse{Name: "corp", Version: "v1\u202e", Options: []*flowv1.Option{{Name: "a"}, {Name: "a"}}},
	)
}

func FuzzInteraction(f *testing.F) {
	decoded(f, func(t *testing.T, m *flowv1.Interaction) error {
		known, err := checkInteraction(m, flowv1.InteractionMode_INTERACTION_MODE_IF_NEEDED)
		if err != nil {
			return err
		}
		if m.GetId() == 0 || known != (m.GetKind() != nil) {
			t.Errorf("let through %v, known: %v", m, known)
		}
		for _, u := range []string{m.GetOpenUrl().GetUrl(), m.GetDeviceAuthorization().GetVerificationUri(), m.GetDeviceAuthorization().GetVerificationUriComplete()} {
			if u != "" && (len(u) > maxURL || !strings.EqualFold(u[:min(8, len(u))], "https://") || strings.ContainsFunc(u, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("\"`\\<>^{|}", r) })) {
				t.Errorf("let through the address %q", u)
			}
		}
		for _, s := range []string{m.GetNotice().GetMessage(), m.GetOpenUrl().GetMessage(), m.GetDeviceAuthorization().GetMessage(), m.GetConfirm().GetMessage(), m.GetInput().GetLabel()} {
			if len(s) > maxText {
				t.Errorf("let through %d bytes of text", len(s))
			}
		}
		asks := m.GetKind() != nil && m.GetNotice() == nil
		if _, err := checkInteraction(m, flowv1.InteractionMode_INTERACTION_MODE_NEVER); asks && err == nil {
			t.Errorf("asks although it was told not to: %v", m)
		}
		return nil
	},
		&flowv1.Interaction{Id: 1, Kind: &flowv1.Interaction_OpenUrl{OpenUrl: &flowv1.OpenURL{Url: "https://a.example/"}}},
		&flowv1.Interaction{Id: 1, Kind: &flowv1.Interaction_Input{Input: &flowv1.Input{Name: "otp", Label: "code"}}},
		&flowv1.Interaction{Id: 1, Kind: &flowv1.Interaction_Notice{Notice: &flowv1.Notice{Message: "\x1b]0;x\a"}}},
		&flowv1.Interaction{Id: 1, Kind: &flowv1.Interaction_DeviceAuthorization{DeviceAuthorization: &flowv1.DeviceAuthorization{UserCode: "A", VerificationUri: "https://a.example/"}}},
	)
}
