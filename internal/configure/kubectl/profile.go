package kubectl

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/internal/configure"
)

// profiles finds the profile of a sign-in, and makes one where there is none.
type profiles struct {
	env   configure.Env
	file  *config.File
	path  string
	old   []byte // the config file; nil if there is none
	text  []byte
	notes []string
}

func openProfiles(e configure.Env) (*profiles, error) {
	p := &profiles{env: e, file: e.File, path: first(e.File.Path, e.ConfigPath, config.DefaultPath(e.Getenv))}
	if p.path == "" {
		return nil, &configure.Error{Code: 2, What: "there is no home directory", Next: "set HOME"}
	}
	b, err := os.ReadFile(p.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	p.old, p.text = b, b
	return p, nil
}

// nothing is the environment of a kubeconfig's entry: none. What a variable says now
// it need not say when kubectl runs.
func nothing(string) string { return "" }

func (p *profiles) settings(name string) (config.Settings, error) {
	return config.Resolve(p.file, config.Flags{Profile: name}, nothing)
}

// named is the profile that the person has chosen. tenant is what is to be asked
// for besides.
func (p *profiles) named(name string, s *signIn) (profile, tenant string, err error) {
	set, err := p.settings(name)
	if err != nil {
		return "", "", err
	}
	if !set.Entra {
		return set.Profile, "", nil
	}
	if s.authority != "" || cloudOf(s.cloud) != "" {
		if want := authorityOf(s); want != set.Authority {
			return "", "", &configure.Error{Code: 2, What: "profile " + set.Profile + " signs in at " + set.Authority + ", and the user at " + want, Next: "name another profile with -p"}
		}
	}
	if s.clientID != "" && !strings.EqualFold(s.clientID, set.ClientID) {
		s.note("the client is profile %s's, %s, and no longer %s", set.Profile, set.ClientID, s.clientID)
	}
	if s.username != "" && set.Username != "" && !strings.EqualFold(s.username, set.Username) {
		s.note("the person is profile %s's, %s, and no longer %s", set.Profile, set.Username, s.username)
	}
	if s.tenant == "" || strings.EqualFold(s.tenant, set.Tenant) {
		return set.Profile, "", nil
	}
	var refused *config.Error
	if err := set.CheckTenant(s.tenant); errors.As(err, &refused) {
		return "", "", &configure.Error{Code: 2, What: "tenant " + strconv.Quote(s.tenant) + ": " + refused.Problem, Next: first(refused.Next, "name another with --tenant"), Err: err}
	}
	return set.Profile, s.tenant, nil
}

// matching is a profile that signs in as s says, made if there is none. Its flows
// are its own business, but for a password, which no profile asks for unasked.
func (p *profiles) matching(s *signIn) (profile, tenant string, err error) {
	if authorityOf(s) == "" {
		return "", "", untouched{"its environment " + s.cloud + " is none that authlatch knows; make a profile with its authority, and name it with -p"}
	}
	for _, allowed := range []bool{false, true} { // its own tenant first
		for _, name := range p.file.ProfileNames() {
			set, err := p.settings(name)
			if err != nil || !set.Entra || set.Authority != authorityOf(s) ||
				!strings.EqualFold(set.ClientID, first(s.clientID, config.DefaultClientID)) ||
				s.username != "" && !strings.EqualFold(s.username, set.Username) ||
				s.flow == "password" && !slices.Contains(set.Flows, "password") ||
				s.noDiscovery && !set.DisableInstanceDiscovery {
				continue
			}
			switch {
			case s.tenant == "" || strings.EqualFold(s.tenant, set.Tenant):
				return name, "", nil
			case allowed && set.CheckTenant(s.tenant) == nil:
				return name, s.tenant, nil
			}
		}
	}
	name, err := p.add(s)
	return name, "", err
}

// authorityOf is the authority as a profile's settings have it.
func authorityOf(s *signIn) string {
	if s.authority == "" {
		c, _ := config.CloudByName(first(s.cloud, "public"))
		return c.Authority
	}
	if c, ok := config.CloudByAuthority(s.authority); ok {
		return c.Authority
	}
	return s.authority
}

// versionLine is after what settings of the whole file can stand.
var versionLine = regexp.MustCompile(`(?m)^version[ \t]*=.*\n`)

// add puts a profile at the end of the file.
func (p *profiles) add(s *signIn) (string, error) {
	name := p.free()
	names := p.file.ProfileNames()
	text := p.text
	switch {
	case len(text) == 0:
		text = []byte("version = 1\n")
	case p.file.DefaultProfile == "" && len(names) == 1:
		// The only one was the default; it stays that.
		at := versionLine.FindIndex(text)
		if at == nil {
			return "", p.byHand(s, nil)
		}
		text = slices.Concat(text[:at[1]], []byte("default_profile = "+strconv.Quote(names[0])+"\n"), text[at[1]:])
		p.notes = append(p.notes, "profile "+names[0]+" was the default as the only one; now default_profile says so")
	}
	if !strings.HasSuffix(string(text), "\n") {
		text = append(slices.Clone(text), '\n')
	}
	text = append(slices.Clone(text), "\n"+s.profile(name)...)
	file, err := config.Parse(p.path, text, p.env.Getenv)
	if err == nil {
		_, err = config.Resolve(file, config.Flags{Profile: name}, nothing)
	}
	if err != nil {
		return "", p.byHand(s, err)
	}
	if len(names) == 0 {
		p.notes = append(p.notes, "profile "+name+" is the only one in "+p.path+", and so the default of every command")
	}
	p.file, p.text = file, text
	return name, nil
}

func (p *profiles) byHand(s *signIn, err error) error {
	e := &configure.Error{Code: 2, What: "no profile can be added to " + p.path, Err: err, Next: "write one with tenant " + strconv.Quote(s.tenant) + " and client_id " + strconv.Quote(s.clientID) + ", and name it with -p"}
	if err != nil {
		e.Why = err.Error()
	}
	return e
}

// free is a name that no profile has.
func (p *profiles) free() string {
	for i, name := 2, "aks"; ; i++ {
		if _, taken := p.file.Profiles[name]; !taken {
			return name
		}
		name = fmt.Sprintf("aks-%d", i)
	}
}

// profile is s as a table of the config file.
func (s *signIn) profile(name string) string {
	var b strings.Builder
	put := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s = %q\n", key, value)
		}
	}
	fmt.Fprintf(&b, "[profiles.%s]\n", name)
	authority := authorityOf(s)
	switch c, known := config.CloudByAuthority(authority); {
	case !known:
		put("authority", authority)
	case c.Name != "public":
		put("cloud", c.Name)
	}
	put("tenant", s.tenant)
	if !strings.EqualFold(s.clientID, config.DefaultClientID) {
		put("client_id", s.clientID)
	}
	put("username", s.username)
	if s.flow != "" {
		fmt.Fprintf(&b, "flows = [%q]\n", s.flow)
	}
	if s.noDiscovery {
		b.WriteString("disable_instance_discovery = true\n")
	}
	if s.redirect != "" {
		fmt.Fprintf(&b, "\n[profiles.%s.flow.browser]\nredirect_uri = %q\n", name, s.redirect)
	}
	return b.String()
}

// change is the config file's, if there is any.
func (p *profiles) change() (configure.Change, bool) {
	return configure.Change{Path: p.path, Old: p.old, New: p.text}, string(p.text) != string(p.old)
}
