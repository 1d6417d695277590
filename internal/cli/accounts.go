package cli

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/store"
)

// signedIn is one account of accounts -o json.
type signedIn struct {
	Account    accountDocument `json:"account"`
	Authority  string          `json:"authority"`
	Tenant     string          `json:"tenant,omitempty"` // signed in for
	ClientID   string          `json:"client_id"`
	Profile    string          `json:"profile,omitempty"`
	Config     string          `json:"config,omitempty"` // of Profile, if it is not the user's own file
	Flow       string          `json:"flow"`
	SignedInOn int64           `json:"signed_in_on"` // seconds since the epoch
}

func newAccountsCmd(a *app) *cobra.Command {
	var output string
	c := &cobra.Command{
		Use:   "accounts",
		Short: "List who is signed in",
		RunE: func(*cobra.Command, []string) error {
			s, err := a.storeOnly()
			if err != nil {
				return err
			}
			return a.printAccounts(s.Accounts(), output)
		},
	}
	addOutputFlag(c, &output)
	return c
}

func (a *app) printAccounts(bindings []store.Binding, output string) error {
	if output == formatJSON {
		all := make([]signedIn, len(bindings))
		for i, b := range bindings {
			all[i] = signedIn{
				Account: accountDocument(b.Account), Authority: b.Identity.Authority, Tenant: b.Identity.Tenant,
				ClientID: b.Identity.ClientID, Profile: b.Identity.Profile, Config: b.Identity.Config, Flow: b.Flow, SignedInOn: b.SignedInOn.Unix(),
			}
		}
		return a.printJSON(all)
	}
	if len(bindings) == 0 {
		a.say("nobody is signed in")
		return nil
	}
	rows := make([][]string, len(bindings))
	for i, b := range bindings {
		rows[i] = []string{
			b.Account.Username, profileOf(b.Identity), b.Identity.Tenant, b.Identity.Authority, b.Flow,
			b.SignedInOn.UTC().Format(time.RFC3339),
		}
	}
	return a.printTable([]string{"USERNAME", "PROFILE", "TENANT", "AUTHORITY", "FLOW", "SIGNED IN"}, rows)
}

// profileOf tells the profiles of another config file than the user's own apart.
func profileOf(i store.Identity) string {
	if i.Config == "" {
		return i.Profile
	}
	return i.Profile + " (" + i.Config + ")"
}

// storeOnly opens the store for a command without a profile.
func (a *app) storeOnly() (*store.Store, error) {
	log, err := a.logger()
	if err != nil {
		return nil, err
	}
	f, err := config.Load(a.global.config, a.env)
	if err != nil {
		return nil, err
	}
	where, err := config.ResolveStore(f, a.env)
	if err != nil {
		return nil, err
	}
	return a.openStore(where, log), nil
}
