package git

import (
	"errors"
	"flag"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/authlatch/authlatch/helper/report"
)

const usage = `git-credential-authlatch gives git tokens of Microsoft Entra ID for Azure DevOps.

Usage:
  git-credential-authlatch [flags] get|store|erase|capability
  git-credential-authlatch version

Flags, before the operation:
  -p, --profile NAME          profile of the config file, whatever its rules say
      --interactive MODE      auto or never: whether a person may be asked
                              (never where GIT_TERMINAL_PROMPT is 0)
      --config FILE           config file (AUTHLATCH_CONFIG)
      --error-format FORMAT   text or json
      --log-level LEVEL       taken for uniformity; AUTHLATCH_LOG sets authlatch's
      --no-color              taken for uniformity; there is no color here

In a git config, as "authlatch configure git" writes it:
  [credential "https://dev.azure.com"]
    helper =
    helper = /usr/local/bin/git-credential-authlatch
    useHttpPath = true
`

type flags struct {
	config, profile, interactive, errorFormat string
	help                                      bool
	operation                                 string
}

func parseFlags(args []string) (f flags, err error) {
	set := flag.NewFlagSet("git-credential-authlatch", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.StringVar(&f.profile, "profile", "", "")
	set.StringVar(&f.profile, "p", "", "")
	set.StringVar(&f.interactive, "interactive", "auto", "")
	set.StringVar(&f.config, "config", "", "")
	set.StringVar(&f.errorFormat, "error-format", report.Text, "")
	set.String("log-level", "", "")
	set.Bool("no-color", false, "")
	version := set.Bool("version", false, "")
	bad := func(what string) (flags, error) {
		return f, &report.Error{Code: report.Usage, What: what, Next: "run: git-credential-authlatch --help"}
	}
	if err := set.Parse(args); errors.Is(err, flag.ErrHelp) {
		return flags{help: true}, nil
	} else if err != nil {
		what := err.Error()
		if name, ok := strings.CutPrefix(what, "flag provided but not defined: "); ok { // package flag's words
			what = "-" + strings.TrimPrefix(name, "-") + ": there is no such flag"
			if len(strings.TrimLeft(name, "-")) > 1 {
				what = "-" + what
			}
		}
		return bad(what)
	}
	set.Visit(func(given *flag.Flag) {
		if given.Value.String() == "" && err == nil {
			_, err = bad("--" + given.Name + ": must not be empty")
		}
	})
	if err != nil {
		return f, err
	}
	if !slices.Contains([]string{"auto", "never"}, f.interactive) {
		return bad("--interactive: must be auto or never, not " + strconv.Quote(f.interactive))
	}
	if f.errorFormat != report.Text && f.errorFormat != report.JSON {
		return bad("--error-format: must be text or json, not " + strconv.Quote(f.errorFormat))
	}
	switch {
	case *version:
		f.operation = "version"
	case set.NArg() == 0:
		return bad("the operation is missing: get, store, erase or capability")
	default:
		f.operation = set.Arg(0) // what follows is a later git's
	}
	return f, nil
}
