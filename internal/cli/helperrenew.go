package cli

import (
	"github.com/spf13/cobra"

	"github.com/authlatch/authlatch/helper/exchange"
	"github.com/authlatch/authlatch/helper/renewal"
	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/config"
)

// newHelperRenewCmd renews a valid token in a process that nobody waits for. What
// comes of it is on record for status.
func newHelperRenewCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:    renewal.Command + " REQUEST",
		Short:  "Renew a token ahead of its expiry",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE:   func(c *cobra.Command, args []string) error { return runHelperRenew(c, a, args[0]) },
	}
}

func runHelperRenew(c *cobra.Command, a *app, request string) error {
	q, err := renewal.ReadRequest(request)
	if err != nil {
		return err
	}
	settings, err := a.settingsOf(q)
	if err != nil {
		return err
	}
	s, err := a.open(settings, session{mode: host.Never})
	if err != nil {
		return err
	}
	defer s.close()
	return s.host.Renew(c.Context(), tokenRequest(q))
}

// renewAhead starts the renewal of a token that is handed out now. If it cannot,
// the next call tries.
func (a *app) renewAhead(settings config.Settings, req host.TokenRequest) {
	path, err := a.Executable()
	if err != nil {
		return
	}
	_ = renewal.Start(path, a.Environ, exchange.Request{
		Client: "authlatch", Profile: settings.Profile, Config: a.global.config, Scopes: req.Scopes, Tenant: req.Tenant,
		IDToken: req.IDToken, TokenType: req.TokenType, ReqCnf: req.ReqCnf, KeyID: req.KeyID, Registry: req.Registry,
	})
}
