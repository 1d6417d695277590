//go:build unix

package launch_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
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

func forever() { select {} }

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

// sdkFakes return the token's text.
var sdkFakes = map[string]func(context.Context, *sdk.Request, sdk.Prompter) (string, error){
	"good": func(ctx context.Context, r *sdk.Request, p sdk.Prompter) (string, error) {
		if r.Mode == sdk.Never {
			return "silent-" + string(r.State), nil
		}
		if err := p.Notice(ctx, "hello"); err != nil {
			return "", err
		}
		if err := p.OpenURL(ctx, "https://login.example/", ""); err != nil {
			return "", err
		}
		otp, err := p.Secret(ctx, "otp", "one-time code")
		if err != nil {
			return "", err
		}
		return "token-" + otp.Reveal(), nil
	},
	"waits": func(ctx context.Context, _ *sdk.Request, p sdk.Prompter) (string, error) {
		err := p.ShowDeviceAuthorization(ctx, sdk.DeviceAuthorization{UserCode: "ABC", VerificationURI: "https://login.example/"})
		if err != nil {
			return "", err
		}
		<-ctx.Done()
		return "", ctx.Err()
	},
	"ignores-cancel": func(ctx context.Context, _ *sdk.Request, p sdk.Prompter) (string, error) {
		_ = p.Notice(ctx, "on my way")
		forever()
		return "", nil
	},
	"panics": func(context.Context, *sdk.Request, sdk.Prompter) (string, error) {
		panic("hunter2")
	},
	"prints": func(context.Context, *sdk.Request, sdk.Prompter) (string, error) {
		for range 5000 {
			fmt.Println(strings.Repeat("out ", 100))
			fmt.Fprintln(os.Stderr, strings.Repeat("err ", 100))
		}
		return "printed", nil
	},
	"reads-stdin": func(context.Context, *sdk.Request, sdk.Prompter) (string, error) {
		b, err := io.ReadAll(os.Stdin)
		return fmt.Sprintf("%d-bytes", len(b)), err
	},
	"environ": func(context.Context, *sdk.Request, sdk.Prompter) (string, error) {
		return "x" + strings.Join(strings.Fields(strings.Join(os.Environ(), ";")), ""), nil
	},
	"unavailable": func(context.Context, *sdk.Request, sdk.Prompter) (string, error) {
		return "", fmt.Errorf("open a browser: %w", sdk.ErrUnavailable)
	},
	"plain-error": func(context.Context, *sdk.Request, sdk.Prompter) (string, error) {
		return "", errors.New("index\x1b[31m broken")
	},
	"never-asks": func(ctx context.Context, _ *sdk.Request, p sdk.Prompter) (string, error) {
		_, err := p.Input(ctx, "otp", "one-time code")
		return "", fmt.Errorf("ask: %w", err)
	},
}

// fakes are the flows without the SDK, most of them hostile.
var fakes = map[string]func(){
	"never-handshakes": forever,
	"dies-at-once": func() {
		fmt.Fprintln(os.Stderr, "libentra.so.1: cannot open\x1b[2J shared object file")
		os.Exit(3)
	},
	"closes-stdout": func() { _ = os.Stdout.Close(); forever() },
	"junk":          func() { fmt.Println("\x1b]0;pwned\ahello \u202ewerdna"); forever() },
	"no-newline": func() {
		chunk := bytes.Repeat([]byte("A"), 1<<20)
		for range 100 {
			_, _ = os.Stdout.Write(chunk)
		}
		forever()
	},
	"core-2":        func() { fmt.Println("2|1|unix|x|grpc"); forever() },
	"version-7":     func() { fmt.Println("1|7|unix|x|grpc"); forever() },
	"netrpc":        func() { fmt.Println("1|1|unix|x|netrpc"); forever() },
	"tcp":           func() { fmt.Println("1|1|tcp|127.0.0.1:22|grpc"); forever() },
	"other-socket":  func() { announce("/var/run/docker.sock"); forever() },
	"climbs":        func() { announce(os.Getenv("PLUGIN_UNIX_SOCKET_DIR") + "/../s"); forever() },
	"certificate":   func() { fmt.Println("1|1|unix|x|grpc|" + strings.Repeat("QUJD", 100)); forever() },
	"no-socket":     func() { announce(filepath.Join(os.Getenv("PLUGIN_UNIX_SOCKET_DIR"), "s")); forever() },
	"others-socket": func() { serveInChild() },
	"mute":          func() { lis := listen(); announce(lis.Addr().String()); forever() },
	"stops": func() {
		lis := listen()
		announce(lis.Addr().String())
		stopSelf()
	},
	"not-grpc": func() {
		lis := listen()
		announce(lis.Addr().String())
		for {
			c, err := lis.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte("HTTP/1.1 200 OK\r\n\r\n"))
		}
	},
	"plain": func() { raw{}.serve() },
	"stderr-flood": func() {
		go func() {
			for {
				fmt.Fprintln(os.Stderr, strings.Repeat("flood ", 1000))
			}
		}()
		raw{}.serve()
	},
	"stderr-json": func() {
		fmt.Fprintln(os.Stderr, `{"@message":1}`)
		fmt.Fprintln(os.Stderr, `{"@message":"told","@level":"warn","k":["v"]}`)
		fmt.Fprintln(os.Stderr, `{"@message":null,"@level":{}}`)
		fmt.Fprintln(os.Stderr, `{"@timestamp":"x","@message":"x","@level":"panic"`)
		fmt.Fprintln(os.Stderr, "\x1b[31m\u202etext\x07")
		raw{}.serve()
	},
	"stdout-flood": func() {
		go func() {
			lis := listen()
			announce(lis.Addr().String())
			go func() {
				for {
					fmt.Println(strings.Repeat("flood ", 20000))
				}
			}()
			raw{}.serveOn(lis)
		}()
		forever()
	},
	"dies-mid-stream": func() {
		raw{getToken: func(s stream) error {
			_ = s.Send(input(1))
			_, _ = s.Recv() // start
			_, _ = s.Recv() // the answer
			os.Exit(4)
			return nil
		}}.serve()
	},
	"ignores-shutdown": func() {
		ignoreTerm()
		raw{}.serve()
	},
	"stops-in-stream": func() {
		raw{getToken: func(s stream) error {
			stopSelf()
			return nil
		}}.serve()
	},
	"grandchild": func() {
		child := exec.Command("/bin/sleep", "1000")
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		if err := child.Start(); err != nil {
			panic(err)
		}
		raw{getToken: func(s stream) error {
			t := goodToken()
			t.Secret = strconv.Itoa(child.Process.Pid)
			return s.Send(token(t))
		}}.serve()
	},
	"escapes": func() {
		child := exec.Command("/bin/sleep", "1000")
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		child.SysProcAttr = newSession()
		if err := child.Start(); err != nil {
			panic(err)
		}
		raw{getToken: func(s stream) error {
			t := goodToken()
			t.Secret = strconv.Itoa(child.Process.Pid)
			return s.Send(token(t))
		}}.serve()
	},
	"core-limit": raw{getToken: func(s stream) error {
		t := goodToken()
		t.Secret = coreLimit()
		return s.Send(token(t))
	}}.serve,
	"two-tokens":     answers(token(goodToken()), token(goodToken())).serve,
	"after-token":    answers(token(goodToken()), input(1)).serve,
	"no-token":       answers().serve,
	"no-end":         raw{getToken: func(s stream) error { _ = s.Send(token(goodToken())); forever(); return nil }}.serve,
	"two-at-once":    answers(input(1), input(2), token(goodToken())).serve,
	"no-id":          answers(input(0)).serve,
	"file-url":       answers(openURL("file:///etc/passwd")).serve,
	"javascript":     answers(openURL("javascript:alert(1)")).serve,
	"http-url":       answers(openURL("http://login.example/")).serve,
	"userinfo-url":   answers(openURL("https://login.microsoftonline.com@evil.example/")).serve,
	"huge-notice":    answers(interaction(&flowv1.Interaction{Id: 1, Kind: &flowv1.Interaction_Notice{Notice: &flowv1.Notice{Message: strings.Repeat("x", 1<<20)}}})).serve,
	"asks-anyway":    answers(input(1)).serve,
	"huge-message":   changed(func(t *flowv1.Token) { t.State = make([]byte, 64<<20) }).serve,
	"huge-state":     changed(func(t *flowv1.Token) { t.State = make([]byte, 1<<20+1) }).serve,
	"empty-token":    changed(func(t *flowv1.Token) { t.Secret = "" }).serve,
	"newline-token":  changed(func(t *flowv1.Token) { t.Secret = "a\r\nX-Evil: 1" }).serve,
	"pop-token":      changed(func(t *flowv1.Token) { t.TokenType = "pop" }).serve,
	"expired":        changed(func(t *flowv1.Token) { t.ExpiresOn = time.Now().Add(-time.Hour).Unix() }).serve,
	"negative":       changed(func(t *flowv1.Token) { t.ExpiresOn = -1 }).serve,
	"year-9999":      changed(func(t *flowv1.Token) { t.ExpiresOn = 253402300799 }).serve,
	"late-refresh":   changed(func(t *flowv1.Token) { t.RefreshOn = t.ExpiresOn + 1 }).serve,
	"no-account":     changed(func(t *flowv1.Token) { t.Account = nil }).serve,
	"evil-account":   changed(func(t *flowv1.Token) { t.Account.Username = "zoe\x1b[2J" }).serve,
	"no-reason":      fails(codes.Internal, "oops\x1b[31m\nsecond line").serve,
	"other-domain":   fails(codes.Internal, "oops", &errdetails.ErrorInfo{Domain: "example.com", Reason: "FLOW_UNAVAILABLE"}).serve,
	"two-reasons":    fails(codes.Internal, "oops", info("FLOW_UNAVAILABLE"), info("INVALID_GRANT")).serve,
	"evil-reason":    fails(codes.Internal, "oops", info("FLOW\x1bUNAVAILABLE")).serve,
	"huge-trailer":   fails(codes.Internal, strings.Repeat("x", 4<<20), info("INVALID_GRANT")).serve,
	"unavailable-is": fails(codes.Unavailable, "I am not dead").serve,
	"reason": fails(codes.Unauthenticated, "AADSTS50076: use a \x1b[1msecond factor", &errdetails.ErrorInfo{
		Domain: flowv1.ErrorDomain, Reason: "NEW_REASON", Metadata: map[string]string{
			"aadsts": "50076", "suberror": "basic_action", "claims": `{"access_token":{}}`,
			"correlation_id": "c\x1b", "trace_id": "t", "retry_after": "7", "unknown": "x"}}).serve,
	"evil-metadata": fails(codes.Unauthenticated, "m", &errdetails.ErrorInfo{
		Domain: flowv1.ErrorDomain, Reason: "INVALID_GRANT", Metadata: map[string]string{
			"aadsts": "-5", "claims": strings.Repeat("x", 20<<10), "retry_after": "99999999999999"}}).serve,
	"endless": func() {
		raw{getToken: func(s stream) error {
			_, _ = s.Recv()
			for id := uint64(1); ; id++ {
				if err := s.Send(interaction(&flowv1.Interaction{Id: id, Kind: &flowv1.Interaction_Notice{Notice: &flowv1.Notice{Message: "x"}}})); err != nil {
					return err
				}
				if _, err := s.Recv(); err != nil {
					return err
				}
			}
		}}.serve()
	},
	"grease":        func() { raw{getToken: grease}.serve() },
	"other-name":    raw{describe: func() (*flowv1.DescribeResponse, error) { return &flowv1.DescribeResponse{Name: "browser"}, nil }}.serve,
	"slow-describe": raw{describe: func() (*flowv1.DescribeResponse, error) { forever(); return nil, nil }}.serve,
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
	if run, ok := fakes[name]; ok {
		run()
		return
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
