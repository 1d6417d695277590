// Package kubectl is the helper for kubectl and everything else on client-go:
// an exec credential plugin, versions v1 and v1beta1. It is a function of its
// arguments, the environment and a source of tokens, and writes to stdout one
// ExecCredential or nothing.
package kubectl

import (
	"context"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/authlatch/authlatch/helper/exchange"
	"github.com/authlatch/authlatch/helper/report"
	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/store"
	"github.com/authlatch/authlatch/internal/version"
)

// program is the name under which it tells what is wrong.
const program = "kubectl-authlatch"

// aks is Azure Kubernetes Service's server application.
const aks = "6dae42f8-4368-4678-94ff-3960e28e3630"

// Source gets settings and tokens; *source.Source is one.
type Source interface {
	// Settings of a profile; path and profile may be "".
	Settings(path, profile string) (config.Settings, error)
	Token(ctx context.Context, s config.Settings, q exchange.Request) (store.Token, error)
}

// Command is one call of kubectl-authlatch.
type Command struct {
	// Args without the program's name.
	Args   []string
	Env    config.Env
	Stdout io.Writer
	Stderr io.Writer
	Source Source
	Now    func() time.Time
}

// Run does what Args say and returns the exit code.
func (c Command) Run(ctx context.Context) int {
	verb, rest := "", c.Args
	if len(c.Args) > 0 {
		verb, rest = c.Args[0], c.Args[1:]
	}
	switch verb {
	case "get-token":
		return c.getToken(ctx, rest)
	case "version", "--version", "-version":
		return c.print("kubectl-authlatch " + version.String() + "\n")
	case "help", "--help", "-help", "-h":
		return c.print(usage)
	}
	what := "there is no command " + strconv.Quote(verb)
	if verb == "" || strings.HasPrefix(verb, "-") {
		what = "a command is missing"
	}
	return report.WriteAs(c.Stderr, program, errorFormat(c.Args), &report.Error{Code: report.Usage, What: what, Next: "run: kubectl-authlatch --help"})
}

func (c Command) getToken(ctx context.Context, args []string) int {
	f, err := parseFlags(args)
	if err != nil {
		return report.WriteAs(c.Stderr, program, errorFormat(args), err)
	}
	if f.help {
		return c.print(usage)
	}
	document, err := c.document(ctx, f)
	if err != nil {
		return report.WriteAs(c.Stderr, program, f.errorFormat, err)
	}
	return c.print(string(document))
}

func (c Command) document(ctx context.Context, f flags) ([]byte, error) {
	info, err := parseExecInfo(c.Env("KUBERNETES_EXEC_INFO"))
	if err != nil {
		return nil, err
	}
	settings, err := c.Source.Settings(f.config, f.profile)
	if err != nil {
		return nil, err
	}
	if err := checkServer(settings, info, c.Env("KUBERNETES_EXEC_INFO") != ""); err != nil {
		return nil, err
	}
	tenant, serverID, err := audience(settings, info, f)
	if err != nil {
		return nil, err
	}
	scopes, err := settings.Scopes([]string{scopeOf(first(serverID, aks))}, "")
	if err != nil {
		return nil, &report.Error{Code: report.Usage, What: "the server id is malformed", Why: err.Error(), Err: err}
	}
	q := exchange.Request{
		Client: "kubectl", Profile: f.profile, Config: f.config, Scopes: scopes, Tenant: strings.ToLower(tenant),
		Interaction: f.interactive, ErrorFormat: f.errorFormat,
	}
	if i := info.Spec.Interactive; i != nil && !*i {
		q.Interaction = "never"
	}
	t, err := c.Source.Token(ctx, settings, q)
	if err != nil {
		return nil, err
	}
	return answer(info.APIVersion, t, c.Now())
}

// scopeOf takes an application id, its URI or a scope.
func scopeOf(serverID string) string {
	if strings.HasSuffix(serverID, "/.default") {
		return serverID
	}
	return config.ScopesFor(serverID)[0]
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// print writes the one document. A reader that is gone gets no exit code of 0.
func (c Command) print(text string) int {
	if _, err := io.WriteString(c.Stdout, text); err != nil {
		return report.WriteAs(c.Stderr, program, report.Text, &report.Error{Code: report.Other, What: "the answer cannot be written", Why: err.Error(), Err: err})
	}
	return 0
}
