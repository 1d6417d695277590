package cli

import (
	"errors"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/prompt"
)

// prompter reaches the person at the terminal; nil if there is none. close must
// be called in the end.
func (a *app) prompter() (p host.Prompter, closeTerminal func(), err error) {
	t, closeTerminal, err := prompt.Open(prompt.Options{Environ: a.Environ, NoColor: a.global.noColor})
	switch {
	case errors.Is(err, prompt.ErrNobody):
		return nil, func() {}, nil
	case err != nil:
		return nil, nil, err
	}
	return t, closeTerminal, nil
}
