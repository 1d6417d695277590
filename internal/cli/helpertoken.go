package cli

import (
	"github.com/spf13/cobra"

	"github.com/authlatch/authlatch/helper/exchange"
	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/store"
)

// newHelperTokenCmd is what a helper runs on a miss. stdin and stdout belong to
// the exchange; the person is reached by the terminal.
func newHelperTokenCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:    exchange.Command,
		Short:  "Answer a helper's request on stdin",
		Hidden: true,
		RunE:   func(c *cobra.Command, _ []string) error { return runHelperToken(c, a) },
	}
}

func runHelperToken(c *cobra.Command, a *app) error {
	q, err := exchange.ReadRequest(a.Stdin)
	if err != nil {
		return err
	}
	if q.ErrorFormat != "" {
		a.global.errorFormat = q.ErrorFormat
	}
	a.command = "authlatch for " + q.Client
	settings, err := a.settingsOf(q)
	if err != nil {
		return err
	}
	t, err := a.getToken(c.Context(), settings, tokenRequest(q))
	if err != nil {
		return err
	}
	return exchange.WriteAnswer(&a.out, store.Token{
		Secret: store.NewSecret(t.Secret.Reveal()), TokenType: t.TokenType,
		ExpiresOn: t.ExpiresOn, RefreshOn: t.RefreshOn, Scopes: t.Scopes, Account: t.Account,
	})
}

// settingsOf are those of a helper's request.
func (a *app) settingsOf(q exchange.Request) (config.Settings, error) {
	if q.Config != "" {
		a.global.config = q.Config
	}
	return a.settings(config.Flags{Profile: q.Profile})
}

func tokenRequest(q exchange.Request) host.TokenRequest {
	return host.TokenRequest{
		Scopes: q.Scopes, Tenant: q.Tenant, Claims: q.Claims, IDToken: q.IDToken,
		TokenType: q.TokenType, ReqCnf: q.ReqCnf, KeyID: q.KeyID, Registry: q.Registry,
		Interaction: interaction(q.Interaction),
	}
}
