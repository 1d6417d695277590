package cli

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/config"
)

type logoutOptions struct {
	profile string
	all     bool
}

func newLogoutCmd(a *app) *cobra.Command {
	var o logoutOptions
	c := &cobra.Command{
		Use:   "logout [-p PROFILE] | --all",
		Short: "Forget a sign-in and its tokens",
		Long: "Forget a profile's sign-in and its tokens, or all of them. Nothing is revoked at\n" +
			"the identity provider: access tokens already handed out live until they expire.",
		RunE: func(c *cobra.Command, _ []string) error { return runLogout(c, a, &o) },
	}
	addProfileFlag(a, c, &o.profile)
	c.Flags().BoolVar(&o.all, "all", false, "forget everything in the store")
	return c
}

func runLogout(c *cobra.Command, a *app, o *logoutOptions) error {
	if o.all {
		if o.profile != "" {
			return usage("--all", "cannot be given together with --profile", "give one of them")
		}
		s, where, err := a.storeOnly()
		if err != nil {
			return err
		}
		h, err := host.New(host.Config{Store: s, Now: a.Now})
		if err != nil {
			return err
		}
		defer func() { _ = h.Close() }() // nothing is under way
		some := s.Holds()
		if err := h.SignOut(c.Context(), true); err != nil {
			return err
		}
		if !some {
			a.say("nothing was kept in %s", orMemory(where.Dir))
			return nil
		}
		a.say("everything is forgotten")
		return nil
	}
	settings, err := a.settings(config.Flags{Profile: o.profile})
	if err != nil {
		return err
	}
	s, err := a.open(settings, session{mode: host.Never})
	if err != nil {
		return err
	}
	defer s.close()
	accounts, err := s.host.Accounts(c.Context())
	if err != nil {
		return err
	}
	if err := s.host.SignOut(c.Context(), false); err != nil {
		return err
	}
	if !slices.ContainsFunc(accounts, func(one host.SignedIn) bool { return one.Current }) {
		a.say("nobody was signed in to profile %s", settings.Profile)
		return nil
	}
	a.say("profile %s is signed out", settings.Profile)
	return nil
}
