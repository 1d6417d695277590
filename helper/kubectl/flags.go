package kubectl

import (
	"errors"
	"flag"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/authlatch/authlatch/helper/report"
)

const usage = `kubectl-authlatch gets a token of Microsoft Entra ID for a Kubernetes cluster.

Usage:
  kubectl-authlatch get-token [flags]
  kubectl-authlatch version

Flags of get-token:
  -p, --profile NAME          profile of the config file (AUTHLATCH_PROFILE)
      --server-id ID          the cluster's server application: its id, URI or scope
                              (default: Azure Kubernetes Service's)
      --tenant TENANT         another tenant than the profile's
      --interactive MODE      auto, never or force: whether a person may be asked
      --config FILE           config file (AUTHLATCH_CONFIG)
      --error-format FORMAT   text or json
      --log-level LEVEL       taken for uniformity; AUTHLATCH_LOG sets authlatch's
      --no-color              taken for uniformity; there is no color here

In a kubeconfig:
  users:
  - name: me
    user:
      exec:
        apiVersion: client.authentication.k8s.io/v1
        command: kubectl-authlatch
        args: [get-token, --profile, work]
        interactiveMode: IfAvailable
        provideClusterInfo: true
`

type flags struct {
	config, profile, serverID, tenant, interactive, errorFormat string
	help                                                        bool
}

func parseFlags(args []string) (f flags, err error) {
	set := flag.NewFlagSet("get-token", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.StringVar(&f.profile, "profile", "", "")
	set.StringVar(&f.profile, "p", "", "")
	set.StringVar(&f.serverID, "server-id", "", "")
	set.StringVar(&f.tenant, "tenant", "", "")
	set.StringVar(&f.interactive, "interactive", "auto", "")
	set.StringVar(&f.config, "config", "", "")
	set.StringVar(&f.errorFormat, "error-format", report.Text, "")
	set.String("log-level", "", "")
	set.Bool("no-color", false, "")
	bad := func(what string) (flags, error) {
		return f, &report.Error{Code: report.Usage, What: what, Next: "run: kubectl-authlatch --help"}
	}
	if err := set.Parse(args); errors.Is(err, flag.ErrHelp) {
		return flags{help: true}, nil
	} else if err != nil {
		what := err.Error()
		if name, ok := strings.CutPrefix(what, "flag provided but not defined: "); ok { // package flag's words
			if len(name) > 2 {
				name = "-" + name
			}
			what = name + ": there is no such flag"
		}
		return bad(what)
	}
	if set.NArg() > 0 {
		return bad("get-token takes no arguments besides its flags")
	}
	set.Visit(func(given *flag.Flag) {
		if given.Value.String() == "" && err == nil {
			_, err = bad("--" + given.Name + ": must not be empty")
		}
	})
	if err != nil {
		return f, err
	}
	if !slices.Contains([]string{"auto", "never", "force"}, f.interactive) {
		return bad("--interactive: must be auto, never or force, not " + strconv.Quote(f.interactive))
	}
	if f.errorFormat != report.Text && f.errorFormat != report.JSON {
		return bad("--error-format: must be text or json, not " + strconv.Quote(f.errorFormat))
	}
	return f, nil
}

// errorFormat finds --error-format where the flags cannot be parsed, so that
// even that is told in the format asked for.
func errorFormat(args []string) string {
	for i, a := range args {
		name, value, ok := strings.Cut(strings.TrimLeft(a, "-"), "=")
		if name != "error-format" || !strings.HasPrefix(a, "-") {
			continue
		}
		if !ok && i+1 < len(args) {
			value = args[i+1]
		}
		return value
	}
	return report.Text
}
