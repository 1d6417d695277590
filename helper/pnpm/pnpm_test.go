package pnpm

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/helper/exchange"
	"github.com/authlatch/authlatch/helper/report"
	"github.com/authlatch/authlatch/host/config"
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

// pnpm takes what is printed, less the space at its end, for the header's value
// (@pnpm/network.auth-header, loadToken), and any exit code but 0 for a failure.
func TestRun(t *testing.T) {
	for args, c := range map[string]struct {
		err          error
		code         int
		stdout, says string
	}{
		"":                  {nil, 0, "Bearer tok.en\n", ""},
		"https://x.example": {nil, 2, "", "pnpm gives a token helper no arguments"},
		"--help":            {nil, 0, usage, ""},
	} {
		f := &fake{err: c.err}
		var out, errs bytes.Buffer
		code := Command{Args: strings.Fields(args), Stdout: &out, Stderr: &errs, Source: f}.Run(t.Context())
		if code != c.code || out.String() != c.stdout || !strings.Contains(errs.String(), c.says) || c.says == "" && errs.Len() > 0 {
			t.Errorf("%q: %d %q %q", args, code, out.String(), errs.String())
		}
		if asked := args == ""; (f.asked != nil) != asked {
			t.Errorf("%q: asked %+v", args, f.asked)
		}
	}
	f := &fake{err: &report.Exited{Code: 3}}
	var out, errs bytes.Buffer
	if code := (Command{Stdout: &out, Stderr: &errs, Source: f}).Run(t.Context()); code != 3 || out.Len() > 0 {
		t.Errorf("without a sign-in: %d %q", code, out.String())
	}
	if want := "499b84ac-1321-427f-aa17-267ca6975798/.default"; f.asked.Scopes[0] != want || f.asked.Client != "pnpm" {
		t.Errorf("asked %+v", f.asked)
	}
}
