// Package pnpm is the token helper for pnpm: a program that takes no argument and
// prints the whole value of the Authorization header
// (https://pnpm.io/npmrc, tokenHelper). It gives the token of Azure Artifacts, under
// the profile that a rule for pkgs.dev.azure.com names, or the default one.
package pnpm

import (
	"context"
	"io"

	"github.com/authlatch/authlatch/helper/hosttoken"
	"github.com/authlatch/authlatch/helper/report"
	"github.com/authlatch/authlatch/host/service"
	"github.com/authlatch/authlatch/internal/version"
)

// program is the name under which it tells what is wrong.
const program = "authlatch-pnpm-helper"

// feeds is the host whose tokens are given: pnpm does not say which registry it asks
// for, but its configuration names this program beside one.
const feeds = "https://pkgs.dev.azure.com/"

const usage = `authlatch-pnpm-helper gives pnpm tokens of Microsoft Entra ID for Azure Artifacts.

In ~/.npmrc (not in a project's: pnpm reads it from there only):
  //pkgs.dev.azure.com/contoso/_packaging/feed/npm/registry/:tokenHelper=/usr/local/bin/authlatch-pnpm-helper
`

// Command is one call of authlatch-pnpm-helper.
type Command struct {
	// Args without the program's name.
	Args   []string
	Stdout io.Writer
	Stderr io.Writer
	Source hosttoken.Source
}

// Run does what Args say and returns the exit code: for pnpm, which gives none, it
// prints the header's value.
func (c Command) Run(ctx context.Context) int {
	text, err := c.do(ctx)
	if err == nil {
		if _, err = io.WriteString(c.Stdout, text); err == nil {
			return 0
		}
		err = &report.Error{Code: report.Other, What: "the answer cannot be written", Why: err.Error(), Err: err}
	}
	return report.WriteAs(c.Stderr, program, report.Text, err)
}

func (c Command) do(ctx context.Context) (string, error) {
	if len(c.Args) > 0 {
		switch c.Args[0] {
		case "version", "--version":
			return program + " " + version.String() + "\n", nil
		case "help", "--help", "-h":
			return usage, nil
		}
		return "", &report.Error{Code: report.Usage, What: "pnpm gives a token helper no arguments", Next: "run: " + program + " --help"}
	}
	t, _, err := hosttoken.Get(ctx, c.Source, feeds, hosttoken.Request{
		Client: "pnpm", Interaction: "auto", Of: []service.Service{service.DevOps},
	})
	if err != nil {
		return "", err
	}
	return "Bearer " + t.Secret.Reveal() + "\n", nil
}
