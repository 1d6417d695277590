package bazel

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

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// fake answers with one token or err, and keeps what it was asked.
type fake struct {
	err   error
	asked *exchange.Request
}

func (*fake) File(string) (*config.File, error) { return &config.File{}, nil }

func (*fake) Resolve(f *config.File, profile string) (config.Settings, error) {
	return config.Resolve(f, config.Flags{Profile: profile}, func(string) string { return "" })
}

func (f *fake) Token(_ context.Context, _ config.Settings, q exchange.Request) (store.Token, error) {
	f.asked = &q
	return store.Token{Secret: store.NewSecret("tok.en"), ExpiresOn: noon.Add(time.Hour)}, f.err
}

func run(t *testing.T, f *fake, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = Command{Args: args, Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &err, Source: f}.Run(t.Context())
	return code, out.String(), err.String()
}

// The specification's words, to the letter:
// https://github.com/EngFlow/credential-helper-spec/blob/main/spec.md
func TestTranscript(t *testing.T) {
	for stdin, want := range map[string]string{
		`{"uri":"https://pkgs.dev.azure.com/contoso/_packaging/f/npm"}`: `{"headers":{"Authorization":["Bearer tok.en"]},"expires":"2026-01-01T12:55:00Z"}` + "\n",
		`{"uri":"https://acct1.blob.core.windows.net/c/b","later":1}`:   `{"headers":{"Authorization":["Bearer tok.en"],"x-ms-version":["2021-12-02"]},"expires":"2026-01-01T12:55:00Z"}` + "\n",
	} {
		f := &fake{}
		code, stdout, stderr := run(t, f, stdin, "get")
		if code != 0 || stdout != want || stderr != "" {
			t.Errorf("%s: %d\n%s%s, want\n%s", stdin, code, stdout, stderr, want)
		}
		if f.asked.Interaction != "never" || f.asked.Client != "bazel" {
			t.Errorf("asked %+v", f.asked)
		}
	}
}

func TestErrors(t *testing.T) {
	const good = `{"uri":"https://dev.azure.com/x"}`
	for _, c := range []struct {
		args, stdin string
		err         error
		code        int
		says        string
	}{
		{"", good, nil, 2, "the one argument must be get"},
		{"put", good, nil, 2, "the one argument must be get"},
		{"get", "", nil, 2, "it is not one JSON object"},
		{"get", "{}", nil, 2, "it has no uri"},
		{"get", `{"uri":7}`, nil, 2, "it is not one JSON object"},
		{"get", good + good, nil, 2, "it is not one JSON object"},
		{"get", strings.Repeat(" ", maxInput+1), nil, 2, "it is longer than 64 KiB"},
		{"get", `{"uri":"https://evil.example/` + "\x1b" + `"}`, nil, 2, "not one JSON object"},
		{"get", `{"uri":"https://evil.example/\u001b[2J"}`, nil, 7, "no token is for https://evil.example/"},
		{"get", good, &report.Exited{Code: 3}, 3, ""},
		{"get", good, errors.New("broken"), 1, "broken"},
	} {
		code, stdout, stderr := run(t, &fake{err: c.err}, c.stdin, strings.Fields(c.args)...)
		if code != c.code || stdout != "" || !strings.Contains(stderr, c.says) || strings.Contains(stderr, "\x1b") || strings.Contains(stderr, "tok.en") {
			t.Errorf("%s %.50q: %d %q %q", c.args, c.stdin, code, stdout, stderr)
		}
	}
	if code, stdout, _ := run(t, &fake{}, "", "--help"); code != 0 || !strings.Contains(stdout, "--credential_helper=") {
		t.Errorf("--help: %d %s", code, stdout)
	}
}

func TestHostileHosts(t *testing.T) {
	for _, host := range servicetest.Hostile(t) {
		for _, uri := range []string{host, "https://" + host} {
			if strings.HasPrefix(host, "https://") && uri != host {
				continue
			}
			request, err := json.Marshal(map[string]string{"uri": uri})
			if err != nil {
				t.Fatal(err)
			}
			f := &fake{}
			if code, stdout, _ := run(t, f, string(request), "get"); code == 0 || stdout != "" || f.asked != nil {
				t.Errorf("%.80q: %d %s, asked %+v", uri, code, stdout, f.asked)
			}
		}
	}
}

// Whatever comes, an answer is one of the specification, for a host that is proved.
func FuzzGet(f *testing.F) {
	for _, s := range []string{`{"uri":"https://dev.azure.com/x"}`, `{"uri":"https://a1b.blob.core.windows.net/"}`, `{"URI":"x"}`, `[]`, `{"uri":"\u0000"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, stdin []byte) {
		fake := &fake{}
		code, stdout, stderr := run(t, fake, string(stdin), "get")
		if (code == 0) != (fake.asked != nil) || (code == 0) == (stdout == "") || code != 0 && stderr == "" || strings.Contains(stderr, "tok.en") {
			t.Errorf("%d %q %q, asked %+v", code, stdout, stderr, fake.asked)
		}
		var a answer
		if code == 0 && json.Unmarshal([]byte(stdout), &a) != nil {
			t.Errorf("%q is no answer", stdout)
		}
	})
}
