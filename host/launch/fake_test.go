//go:build unix

package launch_test

import (
	"bufio"
	"context"
	"fmt"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/authlatch/authlatch/internal/handshake"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
	"github.com/authlatch/authlatch/sdk"
)

// The test binary doubles as every flow: started by a launcher it becomes the
// fake that the wanted flow's name names.
func TestMain(m *testing.M) {
	if os.Getenv(handshake.CookieKey) == handshake.CookieValue {
		fake(os.Getenv(handshake.FlowNameKey))
		os.Exit(0)
	}
	if b := os.Getenv(hostEnv); b != "" {
		beHost(b)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

type stream = grpc.BidiStreamingServer[flowv1.GetTokenRequest, flowv1.GetTokenResponse]

// raw is a flow without the SDK: only FlowService on a socket, as a flow in
// another language might be.
type raw struct {
	flowv1.UnimplementedFlowServiceServer
	describe func() (*flowv1.DescribeResponse, error)
	getToken func(stream) error
}

func (r raw) Describe(context.Context, *flowv1.DescribeRequest) (*flowv1.DescribeResponse, error) {
	if r.describe == nil {
		return &flowv1.DescribeResponse{Name: os.Getenv(handshake.FlowNameKey)}, nil
	}
	return r.describe()
}

func (r raw) GetToken(s stream) error {
	if r.getToken == nil {
		return s.Send(token(goodToken()))
	}
	return r.getToken(s)
}

func (r raw) serve() {
	lis := listen()
	announce(lis.Addr().String())
	r.serveOn(lis)
}

func (r raw) serveOn(lis net.Listener) {
	s := grpc.NewServer(grpc.MaxSendMsgSize(1 << 30))
	flowv1.RegisterFlowServiceServer(s, r)
	_ = s.Serve(lis)
}

func listen() net.Listener {
	lis, err := net.Listen("unix", filepath.Join(os.Getenv("PLUGIN_UNIX_SOCKET_DIR"), "s"))
	if err != nil {
		panic(err)
	}
	return lis
}

func announce(address string) { fmt.Printf("1|1|unix|%s|grpc\n", address) }

// forever is no select without cases: the runtime would call it a deadlock.
func forever() { time.Sleep(math.MaxInt64) }

func goodToken() *flowv1.Token {
	return &flowv1.Token{
		Secret:    "eyJ.access.token",
		ExpiresOn: time.Now().Add(time.Hour).Unix(),
		Account:   &flowv1.Account{Id: "1", Username: "zoe@contoso.example"},
		State:     []byte("state"),
	}
}

func token(t *flowv1.Token) *flowv1.GetTokenResponse {
	return &flowv1.GetTokenResponse{Message: &flowv1.GetTokenResponse_Token{Token: t}}
}

func interaction(i *flowv1.Interaction) *flowv1.GetTokenResponse {
	return &flowv1.GetTokenResponse{Message: &flowv1.GetTokenResponse_Interaction{Interaction: i}}
}

func input(id uint64) *flowv1.GetTokenResponse {
	return interaction(&flowv1.Interaction{Id: id, Kind: &flowv1.Interaction_Input{
		Input: &flowv1.Input{Name: "otp", Label: "one-time code"}}})
}

func openURL(address string) *flowv1.GetTokenResponse {
	return interaction(&flowv1.Interaction{Id: 1, Kind: &flowv1.Interaction_OpenUrl{
		OpenUrl: &flowv1.OpenURL{Url: address}}})
}

// answers is a flow that sends messages and waits for no result.
func answers(messages ...*flowv1.GetTokenResponse) raw {
	return raw{getToken: func(s stream) error {
		for _, m := range messages {
			if err := s.Send(m); err != nil {
				return err
			}
		}
		return nil
	}}
}

// changed is a flow that returns the good token with one change.
func changed(change func(*flowv1.Token)) raw {
	t := goodToken()
	change(t)
	return answers(token(t))
}

// fails is a flow that fails with code and details.
func fails(code codes.Code, message string, infos ...*errdetails.ErrorInfo) raw {
	return raw{getToken: func(stream) error {
		st := status.New(code, message)
		for _, info := range infos {
			st, _ = st.WithDetails(info)
		}
		return st.Err()
	}}
}

// sdkFlow is a flow with the SDK.
type sdkFlow struct {
	name string
	get  func(context.Context, *sdk.Request, sdk.Prompter) (*sdk.Token, error)
}

func (f sdkFlow) Describe() sdk.Description {
	return sdk.Description{Name: f.name, Version: "1.2.3", Features: []string{"pop"},
		Options: []sdk.Option{{Name: "port", Kind: sdk.OptionInteger, Help: "where to listen"}}}
}

func (f sdkFlow) GetToken(ctx context.Context, r *sdk.Request, p sdk.Prompter) (*sdk.Token, error) {
	return f.get(ctx, r, p)
}

func sdkToken(secret string) *sdk.Token {
	return &sdk.Token{Secret: sdk.NewSecret(secret), ExpiresOn: time.Now().Add(time.Hour),
		Account: sdk.Account{ID: "1"}, State: []byte("state")}
}

func info(reason string) *errdetails.ErrorInfo {
	return &errdetails.ErrorInfo{Domain: flowv1.ErrorDomain, Reason: reason}
}

// grease sends unknown messages, kinds and fields, and expects UNSUPPORTED for
// the unknown kind.
func grease(s stream) error {
	unknown := protowire.AppendTag(nil, 9999, protowire.BytesType)
	unknown = protowire.AppendString(unknown, "grease")
	nothing := &flowv1.GetTokenResponse{}
	nothing.ProtoReflect().SetUnknown(unknown)
	kind := &flowv1.Interaction{Id: 77}
	kind.ProtoReflect().SetUnknown(unknown)
	notice := &flowv1.Interaction{Id: 78, Kind: &flowv1.Interaction_Notice{Notice: &flowv1.Notice{Message: "x"}}}
	notice.ProtoReflect().SetUnknown(unknown)
	t := goodToken()
	t.ProtoReflect().SetUnknown(unknown)

	_, _ = s.Recv()
	_ = s.Send(nothing)
	_ = s.Send(interaction(kind))
	r, err := s.Recv()
	if err != nil {
		return err
	}
	t.Secret = r.GetResult().GetOutcome().String()
	_ = s.Send(interaction(notice))
	if _, err := s.Recv(); err != nil {
		return err
	}
	return s.Send(token(t))
}

func fake(name string) {
	if get, ok := sdkFakes[name]; ok {
		sdk.ServeIfFlow(sdkFlow{name, func(ctx context.Context, r *sdk.Request, p sdk.Prompter) (*sdk.Token, error) {
			secret, err := get(ctx, r, p)
			if err != nil {
				return nil, err
			}
			return sdkToken(secret), nil
		}})
	}
	for _, more := range []map[string]func(){fakes, worseFakes, systemFakes} {
		if run, ok := more[name]; ok {
			run()
			return
		}
	}
	if name == "bare" {
		return
	}
	if name == "child-server" {
		raw{}.serve()
	}
	fmt.Fprintln(os.Stderr, "no fake", name)
	os.Exit(1)
}

// serveInChild lets another process listen and passes its handshake on.
func serveInChild() {
	self, _ := os.Executable()
	child := exec.Command(self)
	child.Env = append(os.Environ(), handshake.FlowNameKey+"=child-server")
	out, _ := child.StdoutPipe()
	if err := child.Start(); err != nil {
		panic(err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	fmt.Print(line)
	forever()
}

// answersWith is a flow whose token says something that only it knows.
func answersWith(secret func() string) raw {
	return raw{getToken: func(s stream) error {
		t := goodToken()
		t.Secret = secret()
		return s.Send(token(t))
	}}
}
