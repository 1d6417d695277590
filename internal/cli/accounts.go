package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/store"
	"github.com/authlatch/authlatch/internal/sanitize"
)

// signedIn is one account of accounts -o json. Times are seconds since the
// epoch.
type signedIn struct {
	Account   host.Account `json:"account"`
	Authority string       `json:"authority"`
	Tenant    string       `json:"tenant,omitempty"` // signed in for
	ClientID  string       `json:"client_id"`
	// Profile that it was signed in for, unless that names a user; Config is its
	// file, if that is not the user's own.
	Profile string `json:"profile,omitempty"`
	Config  string `json:"config,omitempty"`
	// Profiles of the config file that use it now.
	Profiles   []string      `json:"profiles"`
	Flow       string        `json:"flow"`
	SignedInOn int64         `json:"signed_in_on"`
	LastUsedOn int64         `json:"last_used_on,omitempty"` // of its tokens
	Tokens     []cachedToken `json:"tokens"`

	identity store.Identity
}

// cachedToken is one of an account, without its secret.
type cachedToken struct {
	TokenType  string   `json:"token_type"`
	Scopes     []string `json:"scopes"`
	ExpiresOn  int64    `json:"expires_on"`
	RefreshOn  int64    `json:"refresh_on,omitempty"`
	LastUsedOn int64    `json:"last_used_on"`
	// Renewal ahead of its expiry, if one has begun and not worked yet.
	Renewal *renewalStatus `json:"renewal,omitempty"`
}

type renewalStatus struct {
	StartedOn int64  `json:"started_on"`
	Tries     int    `json:"tries"`
	Failed    string `json:"failed,omitempty"` // the last one's reason
	NextOn    int64  `json:"next_on"`          // not before
}

func newAccountsCmd(a *app) *cobra.Command {
	var output string
	c := &cobra.Command{
		Use:   "accounts",
		Short: "List who is signed in, where, and until when their tokens are valid",
		RunE: func(*cobra.Command, []string) error {
			s, where, err := a.storeOnly()
			if err != nil {
				return err
			}
			return a.printAccounts(a.signedIn(s, where.File), output)
		},
	}
	addOutputFlag(c, &output)
	return c
}

// signedIn lists all accounts of the store, with the profiles of f that use them.
func (a *app) signedIn(s *store.Store, f *config.File) []signedIn {
	profiles := a.profilesByIdentity(f)
	all := []signedIn{}
	for _, b := range s.Accounts() {
		i := b.Identity
		one := signedIn{
			Account: b.Account, Authority: i.Authority, Tenant: i.Tenant, ClientID: i.ClientID,
			Profile: i.Profile, Config: i.Config, Profiles: profiles[i.LockName()], Flow: b.Flow, SignedInOn: b.SignedInOn.Unix(),
			Tokens: []cachedToken{}, identity: i,
		}
		if one.Profiles == nil {
			one.Profiles = []string{}
		}
		for _, t := range s.Tokens(i) {
			token := cachedToken{
				TokenType: t.TokenType, Scopes: t.Scopes, ExpiresOn: epoch(t.ExpiresOn), RefreshOn: epoch(t.RefreshOn), LastUsedOn: epoch(t.LastUsed),
			}
			if r := t.Renewal; r.Tries > 0 {
				token.Renewal = &renewalStatus{StartedOn: epoch(r.StartedOn), Tries: r.Tries, Failed: r.Failed, NextOn: epoch(r.Next())}
			}
			one.Tokens = append(one.Tokens, token)
			one.LastUsedOn = max(one.LastUsedOn, epoch(t.LastUsed))
		}
		all = append(all, one)
	}
	return all
}

// profilesByIdentity says which profiles of the config use which sign-in, by its
// lock's name. One that cannot be resolved uses none.
func (a *app) profilesByIdentity(f *config.File) map[string][]string {
	all := map[string][]string{}
	for _, name := range f.ProfileNames() {
		if s, err := config.Resolve(f, config.Flags{Profile: name}, a.env); err == nil {
			lock := s.Identity().LockName()
			all[lock] = append(all[lock], name)
		}
	}
	return all
}

func (a *app) printAccounts(all []signedIn, output string) error {
	if output == formatJSON {
		return a.printJSON(all)
	}
	if len(all) == 0 {
		a.say("nobody is signed in")
		return nil
	}
	hosts := map[string]bool{}
	for _, s := range all {
		hosts[s.Authority] = true
	}
	current := a.configFile()
	for _, s := range all {
		if err := a.printAccount(s, current, len(hosts) > 1); err != nil {
			return err
		}
	}
	return nil
}

// printAccount prints one in three lines, which fit where a table of them would
// not. The authority is named if there are several.
func (a *app) printAccount(s signedIn, current string, authority bool) error {
	where := "tenant " + orNone(s.Tenant)
	if authority {
		where += " at " + s.Authority
	}
	used := ""
	if s.LastUsedOn != 0 {
		used = ", used " + a.ago(s.LastUsedOn)
	}
	_, err := fmt.Fprintf(&a.out, "%s  %s\n  %s\n  signed in %s by the flow %s; %s%s\n", sanitize.Line(name(s.Account), maxLine),
		sanitize.Line(s.profile(current), maxLine), sanitize.Line(where, maxLine), a.ago(s.SignedInOn), sanitize.Line(s.Flow, maxLine), a.validity(s.Tokens), used)
	return err
}

// profile names those of the config that use it, or else the one that it was
// signed in for; another config file's is told apart from those of current.
func (s signedIn) profile(current string) string {
	switch {
	case s.Config != "" && s.Config != current:
		return "profile " + s.Profile + " of " + s.Config
	case len(s.Profiles) > 1:
		return "profiles " + strings.Join(s.Profiles, ", ")
	case len(s.Profiles) == 1:
		return "profile " + s.Profiles[0]
	case s.Profile != "":
		return "profile " + s.Profile
	}
	return "no profile"
}

// validity is how many tokens are cached, and for how long the last of them is
// valid.
func (a *app) validity(tokens []cachedToken) string {
	var last int64
	for _, t := range tokens {
		last = max(last, t.ExpiresOn)
	}
	n, left := counted(len(tokens), "token", "tokens"), time.Unix(last, 0).Sub(a.Now())
	switch {
	case len(tokens) == 0:
		return "no token is cached"
	case left <= 0:
		return n + ", expired"
	}
	return n + ", valid for " + roughly(left)
}

// ago is when s was, in seconds since the epoch, as people say it.
func (a *app) ago(s int64) string {
	d := a.Now().Sub(time.Unix(s, 0))
	if d < time.Minute {
		return "just now"
	}
	return roughly(d) + " ago"
}

// roughly is a duration in its largest unit, rounded down.
func roughly(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "less than a minute"
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return fmt.Sprintf("%d days", d/(24*time.Hour))
}

// clock shows a time in seconds since the epoch; "" if it is none.
func clock(s int64) string {
	if s == 0 {
		return ""
	}
	return time.Unix(s, 0).UTC().Format(time.RFC3339)
}

func epoch(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}
