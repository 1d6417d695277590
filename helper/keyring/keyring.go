// Package keyring answers as the command "keyring" of Python does, for pip and uv:
// the user name and password of a package feed in Azure Artifacts. It is a function
// of its arguments and a source of tokens, keeps nothing, and has nothing to say to
// anybody else's URL.
package keyring

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/authlatch/authlatch/helper/hosttoken"
	"github.com/authlatch/authlatch/helper/report"
	"github.com/authlatch/authlatch/host/service"
	"github.com/authlatch/authlatch/internal/version"
)

// program is the name under which it tells what is wrong.
const program = "authlatch-keyring"

// username goes with the token as the password of HTTP's Basic. Azure DevOps takes
// any.
const username = "VssSessionToken"

const usage = `authlatch-keyring gives pip and uv tokens for Azure Artifacts, as the command keyring does.

Usage:
  authlatch-keyring get URL USER           prints the password
  authlatch-keyring --mode creds get URL   prints a user name and the password

pip and uv run it under the name keyring: link it into a directory of PATH, and set
  PIP_KEYRING_PROVIDER=subprocess, or UV_KEYRING_PROVIDER=subprocess
`

// Command is one call of authlatch-keyring.
type Command struct {
	// Args without the program's name.
	Args   []string
	Stdout io.Writer
	Stderr io.Writer
	Source hosttoken.Source
}

// Run does what Args say and returns the exit code: not 0, with nothing on stdout,
// says that there is no password.
func (c Command) Run(ctx context.Context) int {
	text, err := c.do(ctx)
	if errors.Is(err, hosttoken.ErrNotOurs) {
		return report.Other // pip asks for every index; it is no error
	}
	if err == nil {
		if _, err = io.WriteString(c.Stdout, text); err == nil {
			return 0
		}
		err = &report.Error{Code: report.Other, What: "the answer cannot be written", Why: err.Error(), Err: err}
	}
	return report.WriteAs(c.Stderr, program, report.Text, err)
}

func (c Command) do(ctx context.Context) (string, error) {
	creds, args, err := modeOf(c.Args)
	if err != nil {
		return "", err
	}
	operation := ""
	if len(args) > 0 {
		operation, args = args[0], args[1:]
	}
	switch operation {
	case "get":
		return c.get(ctx, creds, args)
	case "version", "--version":
		return program + " " + version.String() + "\n", nil
	case "help", "--help", "-h":
		return usage, nil
	case "set", "del":
		return "", &report.Error{Code: report.Usage, What: "it keeps no passwords: there is nothing to " + operation, Next: "to sign out, run: authlatch logout"}
	}
	return "", misused("the operation must be get")
}

func (c Command) get(ctx context.Context, creds bool, args []string) (string, error) {
	// A user name is optional in the mode creds, and of no interest: there is one
	// password for all.
	if len(args) != 2 && (!creds || len(args) != 1) {
		return "", misused("get takes a URL and a user name")
	}
	t, _, err := hosttoken.Get(ctx, c.Source, args[0], hosttoken.Request{
		Client: "keyring", Interaction: "auto", Of: []service.Service{service.DevOps},
	})
	if err != nil {
		return "", err
	}
	if creds {
		return username + "\n" + t.Secret.Reveal() + "\n", nil
	}
	return t.Secret.Reveal() + "\n", nil
}

// modeOf reads the options, which stand before the operation.
func modeOf(args []string) (creds bool, rest []string, err error) {
	for len(args) > 0 && strings.HasPrefix(args[0], "--mode") {
		mode, inline := strings.CutPrefix(args[0], "--mode=")
		args = args[1:]
		if !inline {
			if len(args) == 0 {
				return false, nil, misused("--mode needs a value")
			}
			mode, args = args[0], args[1:]
		}
		switch mode {
		case "creds":
			creds = true
		case "password":
			creds = false
		default:
			return false, nil, misused("--mode must be password or creds")
		}
	}
	return creds, args, nil
}

func misused(what string) error {
	return &report.Error{Code: report.Usage, What: what, Next: "run: " + program + " --help"}
}
