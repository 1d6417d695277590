// Package prompt has the ways to reach a person: a terminal, nobody, and a
// script for tests. They are host.Prompters; an embedding program may as well
// bring its own.
//
// Nothing here writes to stdout or reads stdin: a terminal is the process's
// controlling one, or stderr if that is a terminal. Everything that a flow or
// an identity provider says is cleaned before a person sees it and stands beside
// the flow's name.
package prompt

import (
	"context"

	"github.com/authlatch/authlatch/host"
)

// NonInteractive reaches nobody: every interaction is Unavailable. A Host with
// no Prompter at all starts no flow in vain and should be preferred.
type NonInteractive struct{}

// Prompt answers Unavailable.
func (NonInteractive) Prompt(context.Context, host.Interaction) (host.Answer, error) {
	return host.Answer{Outcome: host.Unavailable}, nil
}

var (
	done        = host.Answer{Outcome: host.Done}
	declined    = host.Answer{Outcome: host.Declined}
	unavailable = host.Answer{Outcome: host.Unavailable}
	unsupported = host.Answer{Outcome: host.Unsupported}
)
