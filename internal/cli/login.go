package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/config"
)

type loginOptions struct {
	profile       string
	flow          string
	tenant        string
	clientID      string
	username      string
	scopes        []string
	resource      string
	claims        string
	passwordStdin bool
	passwordFD    int
}

func newLoginCmd(a *app) *cobra.Command {
	o := loginOptions{passwordFD: -1}
	c := &cobra.Command{
		Use:   "login [-p PROFILE] [--flow FLOW]",
		Short: "Sign in",
		Long: "Sign in, whatever is cached, and keep the sign-in for the profile. It says on\n" +
			"stderr who has signed in and prints nothing on stdout.",
		Example: "  authlatch login\n" +
			"  authlatch login -p work --flow devicecode\n" +
			"  authlatch login -p work --resource https://graph.microsoft.com\n" +
			"  authlatch login -p test --password-stdin < password.txt",
		RunE: func(c *cobra.Command, _ []string) error { return runLogin(c, a, &o) },
	}
	flags := c.Flags()
	flags.SortFlags = false
	addProfileFlag(a, c, &o.profile)
	filledVar(flags, &o.flow, "flow", "", "the only `flow` to sign in with, instead of the profile's")
	complete(c, "flow", func() []string { return a.flowNames(c) })
	filledVar(flags, &o.tenant, "tenant", "", "another `tenant` than the profile's, which must allow it")
	filledVar(flags, &o.clientID, "client-id", "", "application `id`, instead of the profile's")
	filledVar(flags, &o.username, "username", "", "`name` of who is expected to sign in")
	addScopeFlag(c, &o.scopes)
	addResourceFlag(c, &o.resource)
	filledVar(flags, &o.claims, "claims", "", "`claims` request of a challenge: JSON, or its base64")
	flags.BoolVar(&o.passwordStdin, "password-stdin", false, "read the password flow's password from stdin")
	flags.IntVar(&o.passwordFD, "password-fd", -1, "read it from this file `descriptor`")
	refusePasswordFlag(c)
	return c
}

func runLogin(c *cobra.Command, a *app, o *loginOptions) error {
	if err := a.checkFlow(c.Context(), o.flow); err != nil {
		return err
	}
	settings, err := a.settings(config.Flags{Profile: o.profile, Flow: o.flow, ClientID: o.clientID, Username: o.username})
	if err != nil {
		return err
	}
	req := host.TokenRequest{Flow: o.flow, Tenant: strings.ToLower(o.tenant)}
	if req.Scopes, err = settings.Scopes(o.scopes, o.resource); err != nil {
		return err
	}
	if req.Claims, err = parseClaims(o.claims); err != nil {
		return err
	}
	if err := settings.CheckTenant(req.Tenant); err != nil {
		return err
	}
	password, err := a.loginPassword(o, settings)
	if err != nil {
		return err
	}
	s, err := a.open(settings, session{mode: host.Force, password: password, login: o})
	if err != nil {
		return err
	}
	defer s.close()
	// Before the person does anything for it.
	if err := s.host.Keepable(); err != nil {
		return err
	}
	t, err := s.host.SignIn(c.Context(), req)
	if err != nil {
		return err
	}
	if err := s.host.Kept(); err != nil {
		return err
	}
	a.say("signed in as %s (profile %s, tenant %s)", name(t.Account), settings.Profile, t.Account.Tenant)
	a.tellApart(o, settings)
	return nil
}

// tellApart says it if the flags have made this another sign-in than the profile's
// own, which is the one that token and logout mean.
func (a *app) tellApart(o *loginOptions, settings config.Settings) {
	own, err := a.settings(config.Flags{Profile: o.profile})
	if err != nil || own.Identity().LockName() == settings.Identity().LockName() {
		return
	}
	a.say("this sign-in is beside that of profile %s; to use it, write username and client_id as given here into a profile", settings.Profile)
}

func name(account host.Account) string {
	if account.Username != "" {
		return account.Username
	}
	return account.ID
}

// loginPassword is where the password comes from, read before anything is
// started so that a mistake costs nothing.
func (a *app) loginPassword(o *loginOptions, settings config.Settings) (func() (string, bool), error) {
	flag := "--password-stdin"
	switch {
	case o.passwordStdin && o.passwordFD >= 0:
		return nil, usage("--password-fd", "cannot be given together with --password-stdin", "give one of them")
	case o.passwordFD >= 0:
		flag = "--password-fd"
	case !o.passwordStdin:
		return a.azurePassword, nil
	}
	if !slices.Contains(settings.Flows, passwordFlow) {
		return nil, usage(flag, "profile "+settings.Profile+" does not use the password flow", "add --flow "+passwordFlow)
	}
	var (
		secret string
		err    error
	)
	if o.passwordStdin {
		secret, err = readPassword(a.Stdin)
	} else {
		secret, err = a.readPasswordFD(o.passwordFD)
	}
	if err != nil {
		return nil, usage(flag, err.Error(), "give the password in one line, or leave the flag out to be asked")
	}
	return func() (string, bool) { return secret, true }, nil
}
