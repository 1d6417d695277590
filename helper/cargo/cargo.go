// Package cargo is cargo's credential provider for registries in Azure Artifacts and
// those that the config's rules name: one JSON message a line in both directions, as
// the Cargo book has it (Registries, Credential Provider Protocol). It is a function
// of its arguments, stdin and a source of tokens, and keeps nothing.
package cargo

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/authlatch/authlatch/helper/hosttoken"
	"github.com/authlatch/authlatch/helper/report"
	"github.com/authlatch/authlatch/host/service"
	"github.com/authlatch/authlatch/internal/version"
)

// program is the name under which it tells what is wrong.
const program = "cargo-credential-authlatch"

// maxLine bounds a request in bytes: cargo sends the registry's headers with it.
const maxLine = 1 << 20

// protocol is the version that is spoken.
const protocol = 1

const usage = `cargo-credential-authlatch gives cargo tokens of Microsoft Entra ID for Azure Artifacts.

Usage: cargo-credential-authlatch --cargo-plugin

In ~/.cargo/config.toml:
  [registries.contoso]
  index = "sparse+https://pkgs.dev.azure.com/contoso/_packaging/feed/Cargo/index/"
  credential-provider = ["/usr/local/bin/cargo-credential-authlatch"]
`

// Command is one call of cargo-credential-authlatch.
type Command struct {
	// Args without the program's name.
	Args   []string
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Source hosttoken.Source
}

// request is one of cargo's; what is not named here is of no interest, or a later
// version's.
type request struct {
	Version  int    `json:"v"`
	Kind     string `json:"kind"`
	Registry struct {
		IndexURL string `json:"index-url"`
	} `json:"registry"`
}

// granted and refused are the two forms of a response.
type granted struct {
	Ok struct {
		Kind                 string `json:"kind"`
		Token                string `json:"token"`
		Cache                string `json:"cache"`
		Expiration           int64  `json:"expiration"` // epoch seconds
		OperationIndependent bool   `json:"operation_independent"`
	}
}

type refused struct {
	Err failure
}

type failure struct {
	Kind    string   `json:"kind"`
	Message string   `json:"message,omitempty"`
	Causes  []string `json:"caused-by,omitzero"`
}

// Kinds of failures that cargo knows.
var (
	notSupported = failure{Kind: "operation-not-supported"}
	notOurs      = failure{Kind: "url-not-supported"}
)

// Run does what Args say, until stdin ends, and returns the exit code.
func (c Command) Run(ctx context.Context) int {
	err := c.do(ctx)
	return report.WriteAs(c.Stderr, program, report.Text, err)
}

func (c Command) do(ctx context.Context) error {
	// What the credential-provider setting has after the program's name comes first.
	if !slices.Contains(c.Args, "--cargo-plugin") {
		text := ""
		switch strings.Join(c.Args, " ") {
		case "version", "--version":
			text = program + " " + version.String() + "\n"
		case "help", "--help", "-h":
			text = usage
		default:
			return &report.Error{Code: report.Usage, What: "cargo runs this, with --cargo-plugin", Next: "run: " + program + " --help"}
		}
		_, err := io.WriteString(c.Stdout, text)
		return err
	}
	if err := c.send(map[string][]int{"v": {protocol}}); err != nil {
		return err
	}
	lines := bufio.NewScanner(c.Stdin)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		if err := c.send(c.answer(ctx, lines.Bytes())); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return &report.Error{Code: report.Usage, What: "stdin is no request of cargo's", Why: err.Error()}
	}
	return nil
}

func (c Command) send(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if _, err := c.Stdout.Write(append(b, '\n')); err != nil {
		return &report.Error{Code: report.Other, What: "the answer cannot be written", Why: err.Error(), Err: err}
	}
	return nil
}

// answer is the response to one request.
func (c Command) answer(ctx context.Context, line []byte) any {
	var q request
	switch {
	case json.Unmarshal(line, &q) != nil:
		return refused{failure{Kind: "other", Message: "the request is not one JSON object on one line", Causes: []string{}}}
	case q.Version != protocol || q.Kind != "get":
		return refused{notSupported} // login and logout: authlatch has its own
	}
	// A registry's index is sparse, or a git repository.
	url, _ := strings.CutPrefix(q.Registry.IndexURL, "sparse+")
	t, _, err := hosttoken.Get(ctx, c.Source, url, hosttoken.Request{
		Client: "cargo", Interaction: "auto", Of: []service.Service{service.DevOps, service.Custom},
	})
	if errors.Is(err, hosttoken.ErrNotOurs) {
		return refused{notOurs}
	}
	if err != nil {
		return refused{c.failed(err)}
	}
	var g granted
	g.Ok.Kind, g.Ok.Token, g.Ok.Cache, g.Ok.OperationIndependent = "get", "Bearer "+t.Secret.Reveal(), "expires", true
	g.Ok.Expiration = t.ExpiresOn.Add(-t.Headroom()).Unix()
	return g
}

// failed tells err on stderr, which cargo passes on, and in a word to cargo.
func (c Command) failed(err error) failure {
	report.WriteAs(c.Stderr, program, report.Text, err)
	f := failure{Kind: "other", Message: "authlatch has no token", Causes: []string{}}
	var exited *report.Exited
	if !errors.As(err, &exited) { // of what that says authlatch has told the person
		f.Message = err.Error()
	}
	return f
}
