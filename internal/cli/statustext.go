package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/authlatch/authlatch/host/store"
	"github.com/authlatch/authlatch/internal/sanitize"
)

// printStatus puts the document on one screen: a line a thing, in words, and
// what to run where something stands in the way.
func (a *app) printStatus(d *statusDocument) error {
	t := &statusText{}
	where := d.Profile.Config
	if where == "" {
		where = "no config file"
	}
	if d.Profile.Problem != "" {
		t.line("profile", "not known, because the config file cannot be used (%s)", where)
		t.line("signed in", "%s; to see them, run: authlatch accounts", counted(d.Accounts, "account", "accounts"))
	} else {
		t.line("profile", "%s (%s)", d.Profile.Name, where)
		t.line("", "%s, tenant %s, client %s", d.Profile.Authority, orNone(d.Profile.Tenant), d.Profile.ClientID)
		t.signedIn(d)
	}
	t.failed(d.Failed, d.Login)
	t.locks(d.Locks)
	t.store(d.Store)
	t.key(d.Key)
	t.flows(d.Flows, d.Profile.Flows)
	t.sandbox(d.Sandbox)
	if d.CanAsk {
		t.line("person", "can be asked at this terminal")
	} else {
		t.line("person", "cannot be asked here: %s", d.CannotAsk)
	}
	_, err := a.out.WriteString(t.String())
	return err
}

type statusText struct{ strings.Builder }

const statusColumn = 11

func (t *statusText) line(heading, format string, args ...any) {
	line := sanitize.Line(fmt.Sprintf(format, args...), maxLine)
	_, _ = fmt.Fprintf(t, "%-*s%s\n", statusColumn, heading, line) // a Builder never fails
}

func (t *statusText) signedIn(d *statusDocument) {
	s := d.SignedIn
	if s == nil {
		t.line("signed in", "nobody; to sign in, run: %s", d.Login)
		return
	}
	t.line("signed in", "%s by the flow %s, on %s", name(s.Account), s.Flow, clock(s.SignedInOn))
	for _, token := range s.Tokens {
		renewed := ""
		if token.RefreshOn > 0 {
			renewed = ", renewed ahead from " + clock(token.RefreshOn)
		}
		t.line("", "token until %s%s, used last on %s: %s", clock(token.ExpiresOn), renewed, clock(token.LastUsedOn), scopesInWords(token.Scopes))
		if r := token.Renewal; r != nil {
			why := ""
			if r.Failed != "" {
				why = ", the last for " + r.Failed
			}
			t.line("", "its renewal has begun %s in vain%s; the next not before %s", counted(r.Tries, "time", "times"), why, clock(r.NextOn))
		}
	}
}

func (t *statusText) failed(f *failedStatus, login string) {
	if f == nil {
		return
	}
	what := "failed"
	if f.Cancelled {
		what = "was cancelled"
	} else if f.Reason != "" {
		what = "failed with " + f.Reason
	}
	t.line("failed", "%s; the last %s on %s (%s)", counted(f.Number, "sign-in", "sign-ins"), what, clock(f.LastOn), store.Process(f.Process))
	if f.AskAgainOn > 0 {
		t.line("", "nobody is asked again before %s, but by: %s", clock(f.AskAgainOn), login)
	}
}

func (t *statusText) locks(all []lockStatus) {
	heading := "busy"
	for _, l := range all {
		t.line(heading, "a process %s since %s (%s)", l.Doing, clock(l.SinceOn), store.Process(l.Process))
		heading = ""
	}
}

func (t *statusText) store(s storeStatus) {
	if s.Dir == "" {
		t.line("store", "in memory: everything is forgotten when a command ends")
		return
	}
	t.line("store", "%s, %s", s.Dir, counted(s.Entries, "entry", "entries"))
	for _, other := range []struct {
		n    int
		what string
	}{
		{s.OtherKey, "under a key that is not available here, left alone"},
		{s.Newer, "of a newer authlatch, left alone; update this one"},
		{s.Unreadable, "damaged or open to others, to be replaced by the next sign-in"},
		{s.Aside, "damaged, moved aside to " + s.Dir + "/damaged"},
	} {
		if other.n > 0 {
			t.line("", "%s %s", counted(other.n, "entry", "entries"), other.what)
		}
	}
}

func (t *statusText) key(k keyStatus) {
	keeper := store.ProviderWords(k.Provider)
	switch store.KeyState(k.State) {
	case store.KeyNone:
		t.line("key", "none yet; the first sign-in makes one, kept by %s", store.ProviderWords(firstUsable(k.Providers)))
	case store.KeyAvailable:
		copied := ""
		if k.Copied {
			copied = ", with a copy for this session"
		}
		t.line("key", "kept by %s%s", keeper, copied)
	case store.KeyMemory:
		t.line("key", "none: %s", k.Why)
	default:
		t.line("key", "%s: %s", k.State, k.Why)
	}
	t.others(k)
}

func firstUsable(all []providerStatus) string {
	for _, p := range all {
		if p.Usable {
			return p.Name
		}
	}
	return ""
}

// others says why a better keeper of the key is not in use: one that the settings
// name, or else one that is better than it.
func (t *statusText) others(k keyStatus) {
	keeper, better := k.Provider, k.Providers
	if keeper == "" {
		keeper = firstUsable(k.Providers)
	}
	if at := slices.IndexFunc(k.Providers, func(p providerStatus) bool { return p.Name == keeper }); at >= 0 {
		better = k.Providers[:at]
	}
	for _, p := range better {
		name := store.ProviderWords(p.Name)
		switch {
		case k.Chosen != "" && p.Name != k.Chosen:
		case !p.Usable:
			t.line("", "not by %s: %s", name, p.Why)
		case k.Chosen != "":
			t.line("", "not by %s, as the settings wish; to change it, run: authlatch store rekey", name)
		case k.Provider != "":
			t.line("", "not by %s, which works here; to use it, run: authlatch store rekey --to %s", name, p.Name)
		}
	}
}

func (t *statusText) flows(found []foundFlow, wanted []string) {
	var names, refused []string
	for _, f := range found {
		if f.Trusted {
			names = append(names, f.Name)
		} else {
			refused = append(refused, f.Name+" is not trusted: "+f.Reason)
		}
	}
	t.line("flows", "%s", orNone(strings.Join(names, ", ")))
	for _, r := range refused {
		t.line("", "%s", r)
	}
	for _, w := range wanted {
		if !slices.ContainsFunc(found, func(f foundFlow) bool { return f.Name == w }) {
			t.line("", "%s, which the profile names, is not installed", w)
		}
	}
}

func (t *statusText) sandbox(s sandboxStatus) {
	var by []string
	if s.Landlock > 0 {
		by = append(by, fmt.Sprintf("Landlock version %d", s.Landlock))
	}
	if s.Seccomp {
		by = append(by, "seccomp")
	}
	switch {
	case len(by) == 0:
		t.line("sandbox", "none on this system: flows run with your rights")
	case len(s.Missing) > 0:
		t.line("sandbox", "%s; not restricted here: %s", strings.Join(by, ", "), strings.Join(s.Missing, ", "))
	default:
		t.line("sandbox", "%s", strings.Join(by, ", "))
	}
}

// scopesInWords leaves out what OpenID Connect adds to every request.
func scopesInWords(scopes []string) string {
	added := []string{"openid", "profile", "email", "offline_access"}
	named := slices.DeleteFunc(slices.Clone(scopes), func(s string) bool { return slices.Contains(added, s) })
	if len(named) == 0 {
		named = scopes
	}
	return strings.Join(named, " ")
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// counted is "1 entry" or "2 entries".
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
