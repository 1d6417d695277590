package cargo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/authlatch/authlatch/helper/exchange"
	"github.com/authlatch/authlatch/helper/report"
	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/service/servicetest"
	"github.com/authlatch/authlatch/host/store"
)

// fake answers with one token or err, and keeps what it was asked.
type fake struct {
	err   error
	asked []exchange.Request
}

func (*fake) File(string) (*config.File, error) { return &config.File{}, nil }

func (*fake) Resolve(f *config.File, profile string) (config.Settings, error) {
	return config.Resolve(f, config.Flags{Profile: profile}, func(string) string { return "" })
}

func (f *fake) Token(_ context.Context, _ config.Settings, q exchange.Request) (store.Token, error) {
	f.asked = append(f.asked, q)
	return store.Token{Secret: store.NewSecret("tok.en"), ExpiresOn: time.Unix(1_800_000_300, 0)}, f.err
}

func run(t *testing.T, f *fake, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = Command{Args: args, Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &err, Source: f}.Run(t.Context())
	return code, out.String(), err.String()
}

const (
	hello = `{"v":[1]}` + "\n"
	token = `{"Ok":{"kind":"get","token":"Bearer tok.en","cache":"expires","expiration":1800000000,"operation_independent":true}}` + "\n"
	feed  = `"registry":{"index-url":"sparse+https://pkgs.dev.azure.com/contoso/_packaging/f/Cargo/index/","name":"contoso","headers":["WWW-Authenticate: Bearer"]}`
)

// Requests as cargo sends them (cargo/credential/cargo-credential), and what it
// understands.
func TestTranscript(t *testing.T) {
	for name, c := range map[string]struct{ stdin, stdout string }{
		"nothing is asked": {"", hello},
		"a token to read":  {`{"v":1,` + feed + `,"kind":"get","operation":"read","args":[]}` + "\n", hello + token},
		"one to publish, without a final newline": {
			`{"v":1,` + feed + `,"kind":"get","operation":"publish","name":"x","vers":"1.0.0","cksum":"00"}`, hello + token},
		"several":           {strings.Repeat(`{"v":1,`+feed+`,"kind":"get","operation":"read"}`+"\n", 3), hello + token + token + token},
		"login":             {`{"v":1,` + feed + `,"kind":"login","token":"s3cret","login-url":"https://x"}` + "\n", hello + `{"Err":{"kind":"operation-not-supported"}}` + "\n"},
		"logout":            {`{"v":1,` + feed + `,"kind":"logout"}` + "\n", hello + `{"Err":{"kind":"operation-not-supported"}}` + "\n"},
		"a kind to come":    {`{"v":1,` + feed + `,"kind":"dance"}` + "\n", hello + `{"Err":{"kind":"operation-not-supported"}}` + "\n"},
		"a version to come": {`{"v":2,` + feed + `,"kind":"get"}` + "\n", hello + `{"Err":{"kind":"operation-not-supported"}}` + "\n"},
		"crates.io":         {`{"v":1,"registry":{"index-url":"https://github.com/rust-lang/crates.io-index"},"kind":"get"}` + "\n", hello + `{"Err":{"kind":"url-not-supported"}}` + "\n"},
		"no JSON":           {"get\n", hello + `{"Err":{"kind":"other","message":"the request is not one JSON object on one line","caused-by":[]}}` + "\n"},
	} {
		f := &fake{}
		code, stdout, stderr := run(t, f, c.stdin, "--cargo-plugin")
		if code != 0 || stdout != c.stdout || stderr != "" {
			t.Errorf("%s: %d %s\n%swant\n%s", name, code, stderr, stdout, c.stdout)
		}
		for _, q := range f.asked {
			if q.Client != "cargo" || q.Interaction != "auto" {
				t.Errorf("%s: asked %+v", name, q)
			}
		}
	}
}

func TestErrors(t *testing.T) {
	get := `{"v":1,` + feed + `,"kind":"get","operation":"read"}` + "\n"
	for _, c := range []struct {
		args, stdin  string
		err          error
		code         int
		stdout, says string
	}{
		{"", "", nil, 2, "", "cargo runs this, with --cargo-plugin"},
		{"get", "", nil, 2, "", "cargo runs this, with --cargo-plugin"},
		{"--cargo-plugin", strings.Repeat("x", maxLine+1), nil, 2, hello, "token too long"},
		{"--cargo-plugin", get, &report.Exited{Code: 3}, 0, hello + `{"Err":{"kind":"other","message":"authlatch has no token","caused-by":[]}}` + "\n", ""},
		{"x --cargo-plugin", get, errors.New("broken"), 0, hello + `{"Err":{"kind":"other","message":"broken","caused-by":[]}}` + "\n", "broken"},
	} {
		code, stdout, stderr := run(t, &fake{err: c.err}, c.stdin, strings.Fields(c.args)...)
		if code != c.code || stdout != c.stdout || !strings.Contains(stderr, c.says) || strings.Contains(stderr, "tok.en") {
			t.Errorf("%s %.50q: %d %q %q", c.args, c.stdin, code, stdout, stderr)
		}
	}
}

func TestHostileHosts(t *testing.T) {
	for _, host := range servicetest.Hostile(t) {
		for _, prefix := range []string{"sparse+https://", "https://", "sparse+", ""} {
			if strings.HasPrefix(host, "https://") && strings.HasSuffix(prefix, "https://") {
				continue
			}
			var q request
			q.Version, q.Kind, q.Registry.IndexURL = 1, "get", prefix+host
			line, err := json.Marshal(q)
			if err != nil {
				t.Fatal(err)
			}
			f := &fake{}
			if _, stdout, _ := run(t, f, string(line)+"\n", "--cargo-plugin"); strings.Contains(stdout, "tok.en") || f.asked != nil {
				t.Errorf("%.80q: %s, asked %+v", q.Registry.IndexURL, stdout, f.asked)
			}
		}
	}
}

// Whatever a line is, it gets one line.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{`{"v":1,` + feed + `,"kind":"get"}`, `{"v":1}`, `[]`, `{"v":1,"kind":"get","registry":{"index-url":"\u0000"}}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if strings.ContainsAny(line, "\n\r") || line == "" || len(line) >= maxLine {
			return
		}
		fake := &fake{}
		code, stdout, _ := run(t, fake, line+"\n", "--cargo-plugin")
		lines := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
		if code != 0 || len(lines) != 2 || !json.Valid([]byte(lines[1])) || strings.Contains(stdout, "tok.en") != (len(fake.asked) == 1) {
			t.Errorf("%q: %d %q", line, code, stdout)
		}
	})
}
