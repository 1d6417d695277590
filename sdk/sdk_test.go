package sdk_test

import (
	"context"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
	"github.com/authlatch/authlatch/sdk"
)

type getFunc func(context.Context, *sdk.Request, sdk.Prompter) (*sdk.Token, error)

// testFlow is a flow by function.
type testFlow struct{ get getFunc }

func (testFlow) Describe() sdk.Description {
	return sdk.Description{Name: "test", Version: "1", Features: []string{"pop"}, Options: []sdk.Option{
		{Name: "port", Kind: sdk.OptionInteger, Required: true, Secret: true, Help: "h", Default: "0"}}}
}

func (f testFlow) GetToken(ctx context.Context, r *sdk.Request, p sdk.Prompter) (*sdk.Token, error) {
	return f.get(ctx, r, p)
}

func goodToken() *sdk.Token {
	return &sdk.Token{Secret: sdk.NewSecret("secret"), ExpiresOn: time.Unix(4000000000, 0), Account: sdk.Account{ID: "1"}}
}

// host is the other end of a conversation.
type host struct {
	t *testing.T
	grpc.BidiStreamingClient[flowv1.GetTokenRequest, flowv1.GetTokenResponse]
	cancel context.CancelFunc
}

// connect registers the flow on an in-memory server.
func connect(t *testing.T, flow sdk.Flow) flowv1.FlowServiceClient {
	t.Helper()
	t.Cleanup(func() { goleak.VerifyNone(t) })
	lis := bufconn.Listen(1 << 20)
	server := grpc.NewServer()
	sdk.Register(server, flow)
	served := make(chan struct{})
	go func() { defer close(served); _ = server.Serve(lis) }()
	conn, err := grpc.NewClient("passthrough:///flow",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return lis.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(); server.Stop(); <-served })
	return flowv1.NewFlowServiceClient(conn)
}

// converse begins a conversation without start.
func converse(t *testing.T, get getFunc) *host {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	client := connect(t, testFlow{get})
	t.Cleanup(cancel)
	stream, err := client.GetToken(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return &host{t, stream, cancel}
}

// begin begins a conversation in which the person may be asked.
func begin(t *testing.T, get getFunc) *host {
	t.Helper()
	h := converse(t, get)
	h.start(&flowv1.Start{InteractionMode: flowv1.InteractionMode_INTERACTION_MODE_IF_NEEDED})
	return h
}

func (h *host) send(m *flowv1.GetTokenRequest) {
	h.t.Helper()
	if err := h.Send(m); err != nil {
		h.t.Fatal(err)
	}
}

func (h *host) start(s *flowv1.Start) {
	h.t.Helper()
	h.send(&flowv1.GetTokenRequest{Message: &flowv1.GetTokenRequest_Start{Start: s}})
}

func (h *host) result(id uint64, outcome flowv1.Outcome, value string) {
	h.t.Helper()
	h.send(&flowv1.GetTokenRequest{Message: &flowv1.GetTokenRequest_Result{
		Result: &flowv1.InteractionResult{Id: id, Outcome: outcome, Value: value}}})
}

func (h *host) done(id uint64) { h.t.Helper(); h.result(id, flowv1.Outcome_OUTCOME_DONE, "") }

func (h *host) interaction() *flowv1.Interaction {
	h.t.Helper()
	m, err := h.Recv()
	if err != nil {
		h.t.Fatal(err)
	}
	if m.GetInteraction() == nil {
		h.t.Fatalf("got %v, want an interaction", m)
	}
	return m.GetInteraction()
}

func (h *host) token() *flowv1.Token {
	h.t.Helper()
	m, err := h.Recv()
	if err != nil {
		h.t.Fatal(err)
	}
	if m.GetToken() == nil {
		h.t.Fatalf("got %v, want a token", m)
	}
	return m.GetToken()
}

// failure returns the status that ends the stream, and its ErrorInfo or nil.
func (h *host) failure() (*status.Status, *errdetails.ErrorInfo) {
	h.t.Helper()
	m, err := h.Recv()
	if err == nil {
		h.t.Fatalf("got %v, want a status", m)
	}
	st := status.Convert(err)
	if len(st.Details()) > 1 {
		h.t.Errorf("%d details", len(st.Details()))
	}
	for _, d := range st.Details() {
		return st, d.(*errdetails.ErrorInfo)
	}
	return st, nil
}

func (h *host) wantViolation(text string) {
	h.t.Helper()
	st, info := h.failure()
	if st.Code() != codes.InvalidArgument || st.Message() != "protocol violation: "+text || info != nil {
		h.t.Errorf("got %v, %v, want a protocol violation: %s", st, info, text)
	}
}
