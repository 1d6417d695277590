package browser

import (
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/emulator"
	"github.com/authlatch/authlatch/plugins/internal/entra/entratest"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
	"github.com/authlatch/authlatch/sdk"
)

func TestOptions(t *testing.T) {
	e := entratest.Start(t, emulator.Options{})
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := strconv.Itoa(free.Addr().(*net.TCPAddr).Port)

	t.Run("port taken", func(t *testing.T) {
		for name, options := range map[string]map[string]string{
			optionRedirectPort: {optionRedirectPort: port},
			optionRedirectURI:  {optionRedirectURI: "http://localhost:" + port},
		} {
			req := e.Request()
			req.Options = options
			_, err := getToken(t, e, req, &entratest.Prompter{T: t})
			if got := entratest.WantError(t, err, flowv1.ReasonFlowUnavailable, 0); !strings.Contains(got.Message, port) || !strings.Contains(got.Message, name) {
				t.Errorf("%q names neither port nor option", got.Message)
			}
		}
	})
	free.Close()
	for name, c := range map[string]struct {
		options map[string]string
		client  string
		want    map[string]string
	}{
		"port":              {map[string]string{optionRedirectPort: port}, "", map[string]string{"redirect_uri": "http://localhost:" + port}},
		"URI":               {map[string]string{optionRedirectURI: "http://localhost:" + port + "/"}, "", map[string]string{"redirect_uri": "http://localhost:" + port + "/"}},
		"URI by address":    {map[string]string{optionRedirectURI: "http://127.0.0.1:" + port}, emulator.OwnClient, map[string]string{"redirect_uri": "http://127.0.0.1:" + port}},
		"prompt login":      {map[string]string{optionPrompt: "login"}, "", map[string]string{"prompt": "login"}},
		"prompt consent":    {map[string]string{optionPrompt: "consent"}, "", map[string]string{"prompt": "consent"}},
		"empty is as unset": {map[string]string{optionPrompt: "", optionRedirectPort: "", optionTimeout: ""}, "", map[string]string{"prompt": "select_account"}},
	} {
		t.Run(name, func(t *testing.T) {
			req := e.Request()
			req.Options = c.options
			if c.client != "" {
				req.ClientID = c.client
			}
			p := at(t, e, alice)
			if _, err := getToken(t, e, req, p); err != nil {
				t.Fatal(err)
			}
			for k, want := range c.want {
				if got := p.query(t, 0).Get(k); got != want {
					t.Errorf("%s is %q, want %q", k, got, want)
				}
			}
		})
	}
	for _, options := range []map[string]string{
		{optionRedirectPort: "0"}, {optionRedirectPort: "65536"}, {optionRedirectPort: "x"},
		{optionRedirectPort: port, optionRedirectURI: "http://localhost"},
		{optionRedirectURI: "https://localhost:8400"}, {optionRedirectURI: "http://example.com:8400"}, {optionRedirectURI: "http://localhost/?x=1"},
		{optionTimeout: "5"}, {optionTimeout: "-1s"}, {optionTimeout: "0s"}, {optionTimeout: "soon"},
		{optionPrompt: "admin_consent"},
	} {
		req := e.Request()
		req.Options = options
		_, err := getToken(t, e, req, &entratest.Prompter{T: t})
		got := entratest.WantError(t, err, flowv1.ReasonInvalidRequest, 0)
		for name := range options {
			if !strings.Contains(got.Message, name) {
				t.Errorf("%q does not name %s", got.Message, name)
			}
		}
	}
}

func TestShort(t *testing.T) {
	for in, want := range map[string]string{"5m": "5m", "1h": "1h", "90s": "1m30s", "10s": "10s", "1h30m": "1h30m", "20m": "20m", "1h10m10s": "1h10m10s"} {
		s, err := readSettings(&sdk.Request{Options: map[string]string{optionTimeout: in}})
		if got := short(s.timeout); err != nil || got != want {
			t.Errorf("%s: %s, want %s (%v)", in, got, want, err)
		}
	}
}
