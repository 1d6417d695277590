package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/launch"
	"github.com/authlatch/authlatch/host/store"
	"github.com/authlatch/authlatch/internal/version"
)

func newStatusCmd(a *app) *cobra.Command {
	var (
		profile, output string
		asJSON          bool
	)
	c := &cobra.Command{
		Use:   "status [-p PROFILE]",
		Short: "Explain the whole state: who is signed in, what is kept where, what stands in the way",
		Long: "Explain the state of a profile and of the store on one screen. Nothing is asked\n" +
			"of the network, no flow is run, and no file is changed. The desktop's Secret\n" +
			"Service is asked whether it works, and may be started for that.",
		RunE: func(c *cobra.Command, _ []string) error {
			if asJSON {
				output = formatJSON
			}
			d, err := a.status(c.Context(), profile)
			if err != nil {
				return err
			}
			if output == formatJSON {
				return a.printJSON(d)
			}
			return a.printStatus(d)
		},
	}
	addProfileFlag(a, c, &profile)
	addOutputFlag(c, &output)
	c.Flags().BoolVar(&asJSON, "json", false, "the same as -o json")
	return c
}

// status gathers the document. A config file that is bad leaves the profile out.
func (a *app) status(ctx context.Context, profile string) (*statusDocument, error) {
	log, err := a.logger()
	if err != nil {
		return nil, err
	}
	where, err := a.storage(log)
	if err != nil {
		return nil, err
	}
	d := &statusDocument{Version: version.String()}
	var settings *config.Settings
	if where.Bad != nil {
		d.Profile = profileStatus{Config: a.configFile(), Problem: where.Bad.Error(), Flows: []string{}}
	} else {
		resolved, err := config.Resolve(where.File, config.Flags{Profile: profile}, a.env)
		if err != nil {
			return nil, err
		}
		settings = &resolved
	}
	o := a.storeOptions(where.Store, log)
	o.Look = true
	s := store.Open(o)
	all := a.signedIn(s, where.File)
	d.Accounts = len(all)
	d.Store, d.Key = standing(s.Status())
	own := ""
	if settings != nil {
		own = settings.Identity().LockName()
		a.profileStatus(d, *settings, s, all)
	}
	d.Locks = locksOf(s, own)
	if d.Flows, err = a.foundFlows(ctx); err != nil {
		return nil, err
	}
	held := launch.SandboxStatus()
	d.Sandbox = sandboxStatus{Landlock: held.Landlock, Seccomp: held.Seccomp, Missing: append([]string{}, held.Missing...)}
	p, closeTerminal, err := a.prompter()
	if d.CanAsk = err == nil && p != nil; d.CanAsk {
		closeTerminal()
	} else {
		d.CannotAsk = "there is no terminal"
	}
	return d, nil
}

// profileStatus adds what is about the profile.
func (a *app) profileStatus(d *statusDocument, settings config.Settings, s *store.Store, all []signedIn) {
	d.Profile = profileStatus{
		Name: settings.Profile, Config: a.configFile(), Authority: settings.Authority, Tenant: settings.Tenant,
		ClientID: settings.ClientID, Username: settings.Username, Flows: settings.Flows,
	}
	d.Login = a.loginCommand(host.Login{Profile: settings.Profile}, nil)
	for i := range all {
		if all[i].identity.LockName() == settings.Identity().LockName() {
			d.SignedIn = &all[i]
		}
	}
	d.Failed = a.failed(s.AllAttempts(settings.Identity()))
}

// configFile is the one that is used; "" if there is none.
func (a *app) configFile() string {
	path := config.DefaultPath(a.env)
	if a.global.config != "" {
		path = absolute(a.global.config)
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	return path
}

func standing(st store.Status) (storeStatus, keyStatus) {
	n := st.Entries
	k := keyStatus{State: string(st.Key), Provider: st.Provider, ID: st.KeyID, Chosen: st.Chosen, Copied: st.Copied, Providers: []providerStatus{}}
	if st.Why != nil {
		k.Why = whyNot(st.Why)
	}
	for _, p := range st.Providers {
		one := providerStatus{Name: p.Name, Usable: p.Err == nil}
		if p.Err != nil {
			one.Why = whyNot(p.Err)
		}
		k.Providers = append(k.Providers, one)
	}
	return storeStatus{
		Dir: st.Dir, Entries: n.Readable, OtherKey: n.OtherKey, Newer: n.Newer, Unreadable: n.Unreadable, Aside: n.Aside,
	}, k
}

// whyNot is an error without what the place that it is shown in says already.
func whyNot(err error) string {
	text, bare := strings.CutPrefix(err.Error(), store.ErrUnavailable.Error())
	if text == "" {
		return "not available here"
	}
	if inner, ok := strings.CutPrefix(text, " ("); bare && ok {
		return strings.TrimSuffix(inner, ")")
	}
	return strings.TrimPrefix(text, ": ")
}

// failed tells of the last failure, and of the longest pause that holds.
func (a *app) failed(all []store.Attempts) *failedStatus {
	if len(all) == 0 {
		return nil
	}
	last := all[0].Last
	f := &failedStatus{
		LastOn: epoch(last.At), Process: processStatus(last.Process), ExitCode: last.ExitCode,
		Reason: last.Reason, Flow: last.Flow, AADSTS: last.AADSTS, Cancelled: last.Cancelled,
	}
	for _, attempts := range all {
		f.Number += attempts.Number
		if pause := attempts.Pause(a.Now()); pause > 0 {
			f.AskAgainOn = max(f.AskAgainOn, epoch(a.Now().Add(pause)))
		}
	}
	return f
}

// locksOf lists the locks; own is the profile's.
func locksOf(s *store.Store, own string) []lockStatus {
	all := []lockStatus{}
	for _, h := range s.Locks() {
		all = append(all, lockStatus{
			Doing: h.Doing(), Process: processStatus(h.Process), SinceOn: epoch(h.Since), Profile: h.Lock == own,
		})
	}
	return all
}
