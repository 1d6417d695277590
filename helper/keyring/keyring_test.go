package keyring

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/helper/exchange"
	"github.com/authlatch/authlatch/helper/report"
	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/service/servicetest"
	"github.com/authlatch/authlatch/host/store"
)

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
	return store.Token{Secret: store.NewSecret("tok.en")}, f.err
}

func run(t *testing.T, f *fake, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = Command{Args: args, Stdout: &out, Stderr: &err, Source: f}.Run(t.Context())
	return code, out.String(), err.String()
}

const feed = "https://pkgs.dev.azure.com/contoso/_packaging/feed/pypi/simple/"

// What pip (pip/_internal/network/auth.py, KeyRingCliProvider) and uv (uv-auth)
// run, and what they make of it: exit code 0 and stdout, else there is none.
func TestTranscript(t *testing.T) {
	for args, want := range map[string]string{
		"get " + feed + " VssSessionToken":               "tok.en\n",
		"get pkgs.dev.azure.com alice":                   "tok.en\n",
		"--mode creds get " + feed:                       "VssSessionToken\ntok.en\n",
		"--mode creds get " + feed + " alice":            "VssSessionToken\ntok.en\n",
		"--mode=creds get contoso.pkgs.visualstudio.com": "VssSessionToken\ntok.en\n",
		"--mode password get " + feed + " alice":         "tok.en\n",
	} {
		f := &fake{}
		if code, stdout, stderr := run(t, f, strings.Fields(args)...); code != 0 || stdout != want || stderr != "" {
			t.Errorf("%s: %d %q %q, want %q", args, code, stdout, stderr, want)
		} else if f.asked.Interaction != "auto" || f.asked.Client != "keyring" {
			t.Errorf("%s: asked %+v", args, f.asked)
		}
	}
	// pip asks for every index: of others' it hears nothing, and no noise.
	for _, args := range []string{"get https://pypi.org/simple/ alice", "--mode creds get https://files.pythonhosted.org/x", "get https://acct1.blob.core.windows.net/c x"} {
		f := &fake{}
		if code, stdout, stderr := run(t, f, strings.Fields(args)...); code != 1 || stdout != "" || stderr != "" || f.asked != nil {
			t.Errorf("%s: %d %q %q, asked %+v", args, code, stdout, stderr, f.asked)
		}
	}
}

func TestErrors(t *testing.T) {
	for args, c := range map[string]struct {
		err  error
		code int
		says string
	}{
		"":                        {nil, 2, "the operation must be get"},
		"get":                     {nil, 2, "get takes a URL and a user name"},
		"get " + feed:             {nil, 2, "get takes a URL and a user name"},
		"get a b c":               {nil, 2, "get takes a URL and a user name"},
		"--mode":                  {nil, 2, "--mode needs a value"},
		"--mode x get " + feed:    {nil, 2, "--mode must be password or creds"},
		"set " + feed + " alice":  {nil, 2, "it keeps no passwords"},
		"del " + feed + " alice":  {nil, 2, "authlatch logout"},
		"get " + feed + " nobody": {&report.Exited{Code: 3}, 3, ""},
	} {
		code, stdout, stderr := run(t, &fake{err: c.err}, strings.Fields(args)...)
		if code != c.code || stdout != "" || !strings.Contains(stderr, c.says) || strings.Contains(stderr, "tok.en") {
			t.Errorf("%q: %d %q %q", args, code, stdout, stderr)
		}
	}
}

func TestHostileHosts(t *testing.T) {
	for _, host := range servicetest.Hostile(t) {
		for _, args := range [][]string{{"get", host, "alice"}, {"--mode", "creds", "get", host}, {"get", "https://" + host, "alice"}} {
			if strings.HasPrefix(host, "https://") && args[1] != host && args[0] == "get" {
				continue
			}
			f := &fake{}
			if code, stdout, _ := run(t, f, args...); code == 0 || stdout != "" || f.asked != nil {
				t.Errorf("%.80q: %d %s, asked %+v", args, code, stdout, f.asked)
			}
		}
	}
}
