package sdk_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
	"github.com/authlatch/authlatch/sdk"
)

func TestDescribe(t *testing.T) {
	got, err := connect(t, testFlow{}).Describe(t.Context(), &flowv1.DescribeRequest{})
	if err != nil {
		t.Fatal(err)
	}
	want := &flowv1.DescribeResponse{Name: "test", Version: "1", Features: []string{"pop"}, Options: []*flowv1.Option{
		{Name: "port", Kind: flowv1.OptionKind_OPTION_KIND_INTEGER, Required: true, Secret: true, Help: "h", DefaultValue: "0"}}}
	if !proto.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestRequest(t *testing.T) {
	for _, c := range []struct {
		name  string
		start *flowv1.Start
		want  sdk.Request
	}{
		{"empty", &flowv1.Start{}, sdk.Request{TokenType: "Bearer", Mode: sdk.Never}},
		{"full", &flowv1.Start{
			Scopes: []string{"s"}, Authority: "https://a.example", Tenant: "t", ClientId: "c", Username: "u", Claims: "{}",
			ClientCapabilities: []string{"cp1"}, Credential: flowv1.Credential_CREDENTIAL_ID_TOKEN, TokenType: "pop", ReqCnf: "r",
			KeyId: "k", Options: map[string]string{"o": "v"}, InteractionMode: flowv1.InteractionMode_INTERACTION_MODE_FORCE,
			State: []byte("st"), CaBundle: []byte("ca"), HostPid: 1, DisableInstanceDiscovery: true,
			Account: &flowv1.Account{Id: "i", Username: "u", Tenant: "h", Environment: "e"},
		}, sdk.Request{
			Scopes: []string{"s"}, Authority: "https://a.example", Tenant: "t", ClientID: "c", Username: "u", Claims: "{}",
			ClientCapabilities: []string{"cp1"}, IDToken: true, TokenType: "pop", ReqCnf: "r",
			KeyID: "k", Options: map[string]string{"o": "v"}, Mode: sdk.Force,
			State: []byte("st"), CABundle: []byte("ca"), DisableInstanceDiscovery: true,
			Account: &sdk.Account{ID: "i", Username: "u", Tenant: "h", Environment: "e"},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := converse(t, func(_ context.Context, got *sdk.Request, _ sdk.Prompter) (*sdk.Token, error) {
				if !reflect.DeepEqual(*got, c.want) {
					t.Errorf("got  %+v\nwant %+v", *got, c.want)
				}
				return goodToken(), nil
			})
			h.start(c.start)
			h.token()
		})
	}
}

func TestUnknownCredential(t *testing.T) {
	h := converse(t, nil)
	h.start(&flowv1.Start{Credential: 99})
	if _, info := h.failure(); info.GetReason() != flowv1.ReasonInvalidRequest {
		t.Errorf("got %v, want INVALID_REQUEST", info)
	}
}

func TestToken(t *testing.T) {
	h := begin(t, func(context.Context, *sdk.Request, sdk.Prompter) (*sdk.Token, error) {
		return &sdk.Token{Secret: sdk.NewSecret("secret"), TokenType: "pop", ExpiresOn: time.Unix(4000000000, 0), RefreshOn: time.Unix(3900000000, 0),
			Scopes: []string{"s"}, Account: sdk.Account{ID: "i", Username: "u", Tenant: "t", Environment: "e"}, State: []byte("st")}, nil
	})
	want := &flowv1.Token{Secret: "secret", TokenType: "pop", ExpiresOn: 4000000000, RefreshOn: 3900000000, Scopes: []string{"s"},
		Account: &flowv1.Account{Id: "i", Username: "u", Tenant: "t", Environment: "e"}, State: []byte("st")}
	if got := h.token(); !proto.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestTokenIsChecked(t *testing.T) {
	for _, c := range []struct {
		name, want string
		change     func(*sdk.Token)
	}{
		{"empty", "an empty token", func(t *sdk.Token) { t.Secret = sdk.Secret{} }},
		{"line break", "characters that no token has", func(t *sdk.Token) { t.Secret = sdk.NewSecret("a\nb") }},
		{"no expiry", "has expired", func(t *sdk.Token) { t.ExpiresOn = time.Time{} }},
		{"renewed late", "after it has expired", func(t *sdk.Token) { t.RefreshOn = t.ExpiresOn.Add(time.Second) }},
		{"no account", "without an account id", func(t *sdk.Token) { t.Account.ID = "" }},
		{"state", "a state of 1048577 bytes", func(t *sdk.Token) { t.State = make([]byte, 1<<20+1) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := begin(t, func(context.Context, *sdk.Request, sdk.Prompter) (*sdk.Token, error) {
				token := goodToken()
				c.change(token)
				return token, nil
			})
			if st, info := h.failure(); info != nil || !strings.Contains(st.Message(), c.want) {
				t.Errorf("got %v, %v, want %q", st, info, c.want)
			}
		})
	}
}

func TestFailures(t *testing.T) {
	full := &sdk.Error{Reason: "INVALID_GRANT", Message: "the password is wrong", AADSTS: 50126, Suberror: "bad", Claims: "{}",
		CorrelationID: "c", TraceID: "t", RetryAfter: 1500 * time.Millisecond, Err: errors.New("raw: hunter2")}
	for _, c := range []struct {
		name    string
		err     error
		code    codes.Code
		message string
		info    *errdetails.ErrorInfo
	}{
		{"full", full, codes.Unauthenticated, "the password is wrong", &errdetails.ErrorInfo{Domain: "authlatch.flow.v1", Reason: "INVALID_GRANT",
			Metadata: map[string]string{"aadsts": "50126", "suberror": "bad", "claims": "{}", "correlation_id": "c", "trace_id": "t", "retry_after": "2"}}},
		{"wrapped", fmt.Errorf("hunter2: %w", &sdk.Error{Reason: "CONSENT_REQUIRED"}), codes.PermissionDenied, "CONSENT_REQUIRED",
			&errdetails.ErrorInfo{Domain: "authlatch.flow.v1", Reason: "CONSENT_REQUIRED"}},
		{"new reason", &sdk.Error{Reason: "SLOW_MOON", Message: "m"}, codes.Unknown, "m", &errdetails.ErrorInfo{Domain: "authlatch.flow.v1", Reason: "SLOW_MOON"}},
		{"malformed reason", &sdk.Error{Reason: "slow moon"}, codes.Internal, `the flow failed with the malformed reason "slow moon"`, nil},
		{"declined", fmt.Errorf("confirm: %w", sdk.ErrDeclined), codes.PermissionDenied, "confirm: the person declined",
			&errdetails.ErrorInfo{Domain: "authlatch.flow.v1", Reason: "ACCESS_DENIED"}},
		{"unavailable", sdk.ErrUnavailable, codes.FailedPrecondition, "nobody can be asked here",
			&errdetails.ErrorInfo{Domain: "authlatch.flow.v1", Reason: "FLOW_UNAVAILABLE"}},
		{"unsupported", sdk.ErrUnsupported, codes.FailedPrecondition, "the host cannot show this",
			&errdetails.ErrorInfo{Domain: "authlatch.flow.v1", Reason: "FLOW_UNAVAILABLE"}},
		{"cancelled", fmt.Errorf("x: %w", context.Canceled), codes.Canceled, "the request was cancelled", nil},
		{"too late", fmt.Errorf("x: %w", context.DeadlineExceeded), codes.DeadlineExceeded, "the request took too long", nil},
		{"anything else", errors.New("two\nlines\x1b[0m"), codes.Unknown, "two lines", nil},
		{"nothing", nil, codes.Unknown, "the flow returned neither a token nor an error", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := begin(t, func(context.Context, *sdk.Request, sdk.Prompter) (*sdk.Token, error) { return nil, c.err })
			st, info := h.failure()
			if st.Code() != c.code || st.Message() != c.message || !proto.Equal(info, c.info) {
				t.Errorf("got %v %q %v\nwant %v %q %v", st.Code(), st.Message(), info, c.code, c.message, c.info)
			}
		})
	}
}

// A panic's value may hold a secret.
func TestPanic(t *testing.T) {
	h := begin(t, func(context.Context, *sdk.Request, sdk.Prompter) (*sdk.Token, error) { panic(fmt.Errorf("hunter2")) })
	st, info := h.failure()
	if info != nil || strings.Contains(st.Message(), "hunter2") || !strings.Contains(st.Message(), "sdk_test.TestPanic") {
		t.Errorf("got %v, %v", st, info)
	}
}
