//go:build unix

package launch_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"

	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

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
	"file-limits": raw{getToken: func(s stream) error {
		t := goodToken()
		t.Secret = fileLimits()
		return s.Send(token(t))
	}}.serve,
	"capabilities": raw{getToken: func(s stream) error {
		t := goodToken()
		t.Secret = capabilities()
		return s.Send(token(t))
	}}.serve,
	"what-runs":      answersWith(whatRuns).serve,
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
