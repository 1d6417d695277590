// Package git is the helper for git: a credential helper for Azure DevOps and the
// git servers that the config's rules name. It is a function of its arguments, the
// environment, one message on stdin and a source of tokens. It says nothing at all
// of hosts that are not its own, so that git goes on to its other helpers.
package git

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/authlatch/authlatch/helper/exchange"
	"github.com/authlatch/authlatch/helper/report"
	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/store"
	"github.com/authlatch/authlatch/internal/version"
)

// program is the name under which it tells what is wrong.
const program = "git-credential-authlatch"

// Source gets settings and tokens; *source.Source is one.
type Source interface {
	File(path string) (*config.File, error)
	Resolve(f *config.File, profile string) (config.Settings, error)
	Token(ctx context.Context, s config.Settings, q exchange.Request) (store.Token, error)
	// Reject drops the cached token if it is that one, Forget whichever it is.
	Reject(s config.Settings, q exchange.Request, secret string) bool
	Forget(s config.Settings, q exchange.Request) bool
}

// Command is one call of git-credential-authlatch.
type Command struct {
	// Args without the program's name.
	Args   []string
	Env    config.Env
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Source Source
	Now    func() time.Time
}

// Run does what Args say and returns the exit code. git itself looks only at
// stdout: without an answer there it asks its next helper, and then the person.
func (c Command) Run(ctx context.Context) int {
	f, err := parseFlags(c.Args)
	if err != nil {
		return report.WriteAs(c.Stderr, program, report.Text, err)
	}
	switch {
	case f.help, f.operation == "help":
		return c.print(usage)
	case f.operation == "version":
		return c.print(program + " " + version.String() + "\n")
	case f.operation == "capability":
		return c.print(capabilities)
	}
	m, err := readMessage(c.Stdin)
	answer := ""
	switch {
	case f.operation == "get" && err == nil:
		answer, err = c.get(ctx, f, m)
	case f.operation == "erase" && err == nil:
		err = c.erase(f, m)
	case f.operation != "get" && f.operation != "erase":
		// What git stores came from here. Other operations are a later git's.
		err = nil
	}
	if err != nil {
		return report.WriteAs(c.Stderr, program, f.errorFormat, err)
	}
	return c.print(answer)
}

// get answers with a token, or with nothing if the host is not ours.
func (c Command) get(ctx context.Context, f flags, m message) (string, error) {
	t, ok, err := c.find(f, m)
	if err != nil || !ok {
		return "", err
	}
	if m.protocol != "https" {
		return "", &report.Error{
			Code: report.Policy, What: m.host + " is asked by " + m.protocol + ", and a token is sent by https only",
			Next: "set the remote's URL to https://" + m.host + "/…",
		}
	}
	if err := t.match.Check(t.settings); err != nil {
		return "", err
	}
	tenant, err := tenantFor(t.settings, m)
	if err != nil {
		return "", err
	}
	q := t.request
	q.Tenant, q.Interaction, q.ErrorFormat = tenant, f.interactive, f.errorFormat
	if silenced(c.Env("GIT_TERMINAL_PROMPT")) {
		q.Interaction = "never"
	}
	token, err := c.Source.Token(ctx, t.settings, q)
	if err != nil {
		return "", err
	}
	if !printable(token) {
		return "", &report.Error{Code: report.Other, What: "the token holds characters that no header can carry"}
	}
	return answer(m, token, tenant, c.Now()), nil
}

// erase drops the token that the server rejected from wherever it is cached, so
// that it is never served again. Another token than the one that is cached is
// left alone: a newer one, or a password that came from somebody else. A message
// without one means whatever is there.
func (c Command) erase(f flags, m message) error {
	t, ok, err := c.find(f, m)
	if err != nil || !ok {
		return err
	}
	for _, tenant := range remembered(t.settings, m) {
		q := t.request
		q.Tenant = tenant
		if secret := m.secret(); secret != "" {
			c.Source.Reject(t.settings, q, secret)
		} else {
			c.Source.Forget(t.settings, q)
		}
	}
	return nil
}

// silenced reads a boolean of git's that is off.
func silenced(value string) bool {
	switch strings.ToLower(value) {
	case "0", "false", "no", "off":
		return true
	}
	return false
}

func malformed(what string) error {
	return &report.Error{Code: report.Usage, What: "stdin is no message of git's: " + what, Next: "see git-credential(1), INPUT/OUTPUT FORMAT"}
}

// print writes the one answer. A reader that is gone gets no exit code of 0.
func (c Command) print(text string) int {
	if text == "" {
		return 0
	}
	if _, err := io.WriteString(c.Stdout, text); err != nil {
		return report.WriteAs(c.Stderr, program, report.Text, &report.Error{Code: report.Other, What: "the answer cannot be written", Why: err.Error(), Err: err})
	}
	return 0
}
