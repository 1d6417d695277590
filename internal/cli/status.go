package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/launch"
	"github.com/authlatch/authlatch/host/store"
	"github.com/authlatch/authlatch/internal/version"
)

// statusDocument is what status -o json prints. Times are seconds since the
// epoch.
type statusDocument struct {
	Version string        `json:"version"`
	Profile profileStatus `json:"profile"`
	// SignedIn is null if nobody is.
	SignedIn *signedIn `json:"signed_in"`
	// Login is the command that signs in.
	Login    string `json:"login"`
	Accounts int    `json:"accounts"` // of all profiles
	// Failed tells of sign-ins of the profile that have failed since the last that
	// has not.
	Failed *failedStatus `json:"failed_sign_ins,omitempty"`
	// Locks that processes hold now, whoever they work for.
	Locks []lockStatus `json:"locks"`
	Store storeStatus  `json:"store"`
	Key   keyStatus    `json:"key"`
	Flows []foundFlow  `json:"flows"`
	// Sandbox is what holds flows here.
	Sandbox sandboxStatus `json:"sandbox"`
	// CanAsk says that a person can be asked from here; CannotAsk why not.
	CanAsk    bool   `json:"can_ask"`
	CannotAsk string `json:"cannot_ask,omitempty"`
}

type profileStatus struct {
	Name      string   `json:"name"`
	Config    string   `json:"config,omitempty"` // the file, if there is one
	Authority string   `json:"authority"`
	Tenant    string   `json:"tenant,omitempty"`
	ClientID  string   `json:"client_id"`
	Username  string   `json:"username,omitempty"`
	Flows     []string `json:"flows"`
}

type failedStatus struct {
	Number    int           `json:"number"`
	LastOn    int64         `json:"last_on"`
	Process   processStatus `json:"process"`
	ExitCode  int           `json:"exit_code"`
	Reason    string        `json:"reason,omitempty"`
	Flow      string        `json:"flow,omitempty"`
	AADSTS    int           `json:"aadsts,omitempty"`
	Cancelled bool          `json:"cancelled"`
	// AskAgainOn is when others than login may ask the person again; 0 is now.
	AskAgainOn int64 `json:"ask_again_on"`
}

type lockStatus struct {
	// Doing is what the holder does with it: "signs in".
	Doing   string        `json:"doing"`
	Process processStatus `json:"process"`
	SinceOn int64         `json:"since_on"`
	// Profile says that it is this profile's sign-in.
	Profile bool `json:"profile"`
}

type processStatus struct {
	PID     int    `json:"pid"`
	Command string `json:"command,omitempty"`
}

type storeStatus struct {
	// Dir is "" if all is in memory.
	Dir string `json:"dir,omitempty"`
	// Entries that can be read; the others cannot: they have a key that is not
	// here, are of a newer authlatch, or are damaged, in place or moved aside.
	Entries    int `json:"entries"`
	OtherKey   int `json:"other_key"`
	Newer      int `json:"newer"`
	Unreadable int `json:"unreadable"`
	Aside      int `json:"moved_aside"`
}

type keyStatus struct {
	// State is none, available, lost, unavailable or memory.
	State    string `json:"state"`
	Why      string `json:"why,omitempty"`
	Provider string `json:"provider,omitempty"`
	ID       string `json:"id,omitempty"`
	// Chosen is the provider that [store] key names, if it is another.
	Chosen string `json:"chosen,omitempty"`
	// Copied says that this session has a copy, for calls that may not be slow.
	Copied bool `json:"copied"`
	// Providers are all of this platform, the best first.
	Providers []providerStatus `json:"providers"`
}

type sandboxStatus struct {
	Landlock int  `json:"landlock"` // version of its interface; 0 is none
	Seccomp  bool `json:"seccomp"`
	// Missing names what is not restricted (docs/threat-model.md).
	Missing []string `json:"missing"`
}

type providerStatus struct {
	Name   string `json:"name"`
	Usable bool   `json:"usable"`
	Why    string `json:"why,omitempty"`
}

func newStatusCmd(a *app) *cobra.Command {
	var (
		profile, output string
		asJSON          bool
	)
	c := &cobra.Command{
		Use:   "status [-p PROFILE]",
		Short: "Explain the whole state: who is signed in, what is kept where, what stands in the way",
		Long: "Explain the state of a profile and of the store on one screen. Nothing is asked\n" +
			"of the network, no flow is run, and no sign-in is touched.",
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

// status gathers the document.
func (a *app) status(ctx context.Context, profile string) (*statusDocument, error) {
	settings, err := a.settings(config.Flags{Profile: profile})
	if err != nil {
		return nil, err
	}
	log, err := a.logger()
	if err != nil {
		return nil, err
	}
	s := a.openStore(settings.Store, log)
	d := &statusDocument{
		Version: version.String(),
		Profile: profileStatus{
			Name: settings.Profile, Config: a.configFile(), Authority: settings.Authority, Tenant: settings.Tenant,
			ClientID: settings.ClientID, Username: settings.Username, Flows: settings.Flows,
		},
	}
	d.Login = a.loginCommand(host.Login{Profile: settings.Profile}, nil)
	all, err := a.signedIn(s)
	if err != nil {
		return nil, err
	}
	d.Accounts = len(all)
	d.Store, d.Key = standing(s.Status()) // after what was found damaged
	for i := range all {
		if all[i].identity.LockName() == settings.Identity().LockName() {
			d.SignedIn = &all[i]
		}
	}
	d.Failed = a.failed(s.AllAttempts(settings.Identity()))
	d.Locks = locksOf(s, settings.Identity())
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
		k.Why = st.Why.Error()
	}
	for _, p := range st.Providers {
		one := providerStatus{Name: p.Name, Usable: p.Err == nil}
		if p.Err != nil {
			one.Why = p.Err.Error()
		}
		k.Providers = append(k.Providers, one)
	}
	return storeStatus{
		Dir: st.Dir, Entries: n.Readable, OtherKey: n.OtherKey, Newer: n.Newer, Unreadable: n.Unreadable, Aside: n.Aside,
	}, k
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

func locksOf(s *store.Store, i store.Identity) []lockStatus {
	all := []lockStatus{}
	for _, h := range s.Locks() {
		all = append(all, lockStatus{
			Doing: h.Doing(), Process: processStatus(h.Process), SinceOn: epoch(h.Since), Profile: h.Lock == i.LockName(),
		})
	}
	return all
}
