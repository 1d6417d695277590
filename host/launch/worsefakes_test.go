//go:build unix

package launch_test

import (
	"bufio"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/authlatch/authlatch/internal/handshake"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// worseFakes are hostile flows whose tricks take more than a line.
var worseFakes = map[string]func(){
	"floods-and-dies": func() {
		w := bufio.NewWriterSize(os.Stderr, 1<<20)
		for range 100 {
			_, _ = w.WriteString(strings.Repeat("flood ", 1<<20/6) + "\n")
		}
		_ = w.Flush()
		os.Exit(5)
	},
	"breaks-parsers": func() {
		for _, line := range []string{
			`{"@message":1}`, strings.Repeat(`{"a":`, 100_000), strings.Repeat("[", 100_000), `{"@message":"x","@level":1e999999}`,
			`{"@message":"\ud800\u0000","@level":"error","@level":"info","k\u001b[2J":"\u202e"}`, "{\"@message\":\"\xff\xfe\"}", "\x00\x00",
			`{"@message":"` + strings.Repeat("x", 1<<20) + `"}`, `null`, `{}`, `{"@message":null}`, `{"@timestamp":{},"@message":"x"}`,
		} {
			fmt.Fprintln(os.Stderr, line)
		}
		os.Exit(6)
	},
	// Another program's plugin, which asks for its own cookie.
	"other-cookie": func() {
		plugin.Serve(&plugin.ServeConfig{HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion: 6, MagicCookieKey: "TF_PLUGIN_MAGIC_COOKIE", MagicCookieValue: "d602bf8f470bc67ca7faa0386276bbdd",
		}})
	},
	"binds-tcp": func() {
		lis, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(err)
		}
		fmt.Printf("1|1|tcp|%s|grpc\n", lis.Addr())
		forever()
	},
	"forged-certificate": func() {
		lis := listen()
		der := make([]byte, 700)
		_, _ = rand.Read(der)
		fmt.Printf("1|1|unix|%s|grpc|%s\n", lis.Addr(), base64.RawStdEncoding.EncodeToString(der))
		raw{}.serveOn(lis)
	},
	"grandchild-dies": func() {
		child := exec.Command("/bin/sleep", "1000")
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		if err := child.Start(); err != nil {
			panic(err)
		}
		os.Exit(3)
	},
	"dies-after-handshake": func() { announce(listen().Addr().String()); os.Exit(4) },
	"hangs-up": func() {
		lis := listen()
		announce(lis.Addr().String())
		for {
			c, err := lis.Accept()
			if err != nil {
				return
			}
			_ = c.Close()
		}
	},
	"dies-on-start": raw{getToken: func(s stream) error { _, _ = s.Recv(); os.Exit(4); return nil }}.serve,
	"dies-asking": raw{getToken: func(s stream) error {
		_, _ = s.Recv()
		_ = s.Send(input(1))
		_, _ = s.Recv()
		_ = s.Send(input(2))
		os.Exit(4)
		return nil
	}}.serve,
	"dies-after-token": raw{getToken: func(s stream) error {
		_ = s.Send(token(goodToken()))
		time.Sleep(50 * time.Millisecond) // it is on its way; no matter if it is not
		os.Exit(4)
		return nil
	}}.serve,
	"id-twice":         asking(func(n uint64) *flowv1.GetTokenResponse { return input(5) }, 2).serve,
	"asks-for-ever":    asking(input, math.MaxInt).serve,
	"unknown-for-ever": raw{getToken: func(s stream) error { return repeat(s, &flowv1.GetTokenResponse{}) }}.serve,
	"metacharacters":   answers(openURL("https://login.example/|`reboot`")).serve,
	"shell-host":       answers(openURL("https://$(reboot)/")).serve,
	"other-host":       asking(func(uint64) *flowv1.GetTokenResponse { return openURL("https://login.evil.example/authorize") }, 1).serve,
	"dirty-notice": asking(func(id uint64) *flowv1.GetTokenResponse {
		return interaction(&flowv1.Interaction{Id: id, Kind: &flowv1.Interaction_Notice{Notice: &flowv1.Notice{Message: dirty}}})
	}, 1).serve,
	"dirty-code": asking(func(id uint64) *flowv1.GetTokenResponse {
		return interaction(&flowv1.Interaction{Id: id, Kind: &flowv1.Interaction_DeviceAuthorization{DeviceAuthorization: &flowv1.DeviceAuthorization{
			UserCode: dirty, VerificationUri: "https://login.example/device", Message: dirty, ExpiresIn: math.MaxInt64, Interval: math.MaxInt64}}})
	}, 1).serve,
	"huge-label":     answers(interaction(&flowv1.Interaction{Id: 1, Kind: &flowv1.Interaction_Input{Input: &flowv1.Input{Name: "a", Label: strings.Repeat("x", 1<<20)}}})).serve,
	"bad-input-name": answers(interaction(&flowv1.Interaction{Id: 1, Kind: &flowv1.Interaction_Input{Input: &flowv1.Input{Name: "pass word", Secret: true}}})).serve,

	"gigabyte":    onWire(nil, func(w io.Writer) { message(w, 0, 1<<30); _, _ = io.Copy(w, zeros{}) }).serve,
	"bomb":        onWire(http.Header{"Grpc-Encoding": {"gzip"}}, func(w io.Writer) { message(w, 1, 100); _, _ = w.Write(make([]byte, 100)) }).serve,
	"cut-off":     onWire(nil, func(w io.Writer) { message(w, 0, 100); _, _ = w.Write(make([]byte, 7)) }).serve,
	"html":        onWire(http.Header{"Content-Type": {"text/html"}}, func(w io.Writer) { _, _ = io.WriteString(w, "<script>") }).serve,
	"huge-header": onWire(http.Header{"X-Long": {strings.Repeat("x", 900<<10)}}, func(io.Writer) {}).serve,

	"other-scope":     changed(func(t *flowv1.Token) { t.Scopes = []string{"https://evil.example/.default"} }).serve,
	"longest-life":    changed(func(t *flowv1.Token) { t.ExpiresOn = math.MaxInt64 }).serve,
	"longest-ago":     changed(func(t *flowv1.Token) { t.ExpiresOn = math.MinInt64 }).serve,
	"early-refresh":   changed(func(t *flowv1.Token) { t.RefreshOn = math.MinInt64 }).serve,
	"rtl-account":     changed(func(t *flowv1.Token) { t.Account.Username = "zoe\u202e@moc.osotnoc" }).serve,
	"huge-token":      changed(func(t *flowv1.Token) { t.Secret = strings.Repeat("x", 64<<10+1) }).serve,
	"changes-account": changing(func(a *flowv1.Account) { a.Id = "2" }).serve,
	"changes-tenant":  changing(func(a *flowv1.Account) { a.Tenant = "fabrikam.example" }).serve,
	"ignores-the-end": func() {
		ignoreTerm()
		answers().serve()
		forever()
	},
	"junk-details": fails(codes.Internal, "oops", &errdetails.ErrorInfo{Domain: flowv1.ErrorDomain, Reason: strings.Repeat("A", 65)}).serve,
}

// dirty is what no terminal may get.
const dirty = "\x1b[2J\x1b]0;pwned\a\u202edirty\u2066\u200b\x00\b\r text\u009b31m"

// asking is a flow that sends interactions, waits for each answer, and ends
// without a token.
func asking(next func(id uint64) *flowv1.GetTokenResponse, n int) raw {
	return raw{getToken: func(s stream) error {
		_, _ = s.Recv()
		for id := range n {
			if err := s.Send(next(uint64(id) + 1)); err != nil {
				return err
			}
			if _, err := s.Recv(); err != nil {
				return err
			}
		}
		return nil
	}}
}

// changing is a flow that renews another account's token than it was asked to.
func changing(change func(*flowv1.Account)) raw {
	return raw{getToken: func(s stream) error {
		m, err := s.Recv()
		if err != nil {
			return err
		}
		t := goodToken()
		t.Account.Tenant = "contoso.example"
		if m.GetStart().GetInteractionMode() == flowv1.InteractionMode_INTERACTION_MODE_NEVER {
			change(t.Account)
		}
		return s.Send(token(t))
	}}
}

func repeat(s stream, m *flowv1.GetTokenResponse) error {
	for {
		if err := s.Send(m); err != nil {
			return err
		}
	}
}

// wire is a flow without gRPC, which sends what gRPC's own server would not.
type wire struct {
	header http.Header
	body   func(io.Writer)
}

func onWire(header http.Header, body func(io.Writer)) wire { return wire{header, body} }

func (f wire) serve() {
	lis := listen()
	announce(lis.Addr().String())
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	s := &http.Server{Protocols: &protocols, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/grpc")
		if strings.HasSuffix(r.URL.Path, "/Describe") {
			b, _ := proto.Marshal(&flowv1.DescribeResponse{Name: os.Getenv(handshake.FlowNameKey)})
			w.Header().Set("Trailer", "Grpc-Status")
			message(w, 0, uint32(len(b)))
			_, _ = w.Write(b)
			w.Header().Set("Grpc-Status", "0")
			return
		}
		if !strings.HasSuffix(r.URL.Path, "/GetToken") {
			w.Header().Set("Grpc-Status", "12") // unimplemented
			w.WriteHeader(http.StatusOK)
			return
		}
		for k, v := range f.header {
			w.Header()[k] = v
		}
		w.WriteHeader(http.StatusOK)
		f.body(w)
	})}
	_ = s.Serve(lis)
}

// message begins a gRPC message of that length.
func message(w io.Writer, compressed byte, length uint32) {
	_, _ = w.Write([]byte{compressed, byte(length >> 24), byte(length >> 16), byte(length >> 8), byte(length)})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
