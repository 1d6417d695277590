package config

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Resolve says what holds for a profile: flag, AUTHLATCH_* variable, profile,
// AZURE_* variable, default. AZURE_* variables and the Azure CLI's client hold
// only for profiles whose flows are all Entra ID's shipped ones; others must
// set authority (or cloud) and client_id. Every error is an *Error.
func Resolve(f *File, flags Flags, env Env) (Settings, error) {
	r := &resolver{file: f, env: env, s: Settings{file: f, origins: map[string]origin{}}}
	r.profileName(flags.Profile)
	if r.err != nil {
		return Settings{}, r.err
	}
	r.flows(flags.Flow)
	r.authority(flags)
	s := &r.s
	entra := s.Entra
	tenant, clientID := "", ""
	if entra {
		tenant, clientID = DefaultTenant, DefaultClientID
	}
	s.Tenant = strings.ToLower(r.value("tenant", flags.Tenant, r.p.Tenant, tenant, func(v string) string { return checkTenant(v, entra) }))
	s.ClientID = r.value("client_id", flags.ClientID, r.p.ClientID, clientID, func(v string) string { return checkClientID(v, entra) })
	if entra {
		s.ClientID = strings.ToLower(s.ClientID)
	}
	s.Username = r.value("username", flags.Username, r.p.Username, "", checkUsername)
	if flags.Username != "" {
		s.hint = r.value("username", "", r.p.Username, "", checkUsername) == ""
		s.origins["username"] = origin{words: "flag --username"}
	}
	if !entra && (s.Authority == "" || s.ClientID == "") {
		r.failForeign(foreignFlow(s.Flows), flags.Flow != "")
	}
	r.rest()
	if r.err != nil {
		return Settings{}, r.err
	}
	return r.s, nil
}

type resolver struct {
	file *File
	env  Env
	p    Profile
	s    Settings
	err  error
}

func (r *resolver) fail(e *Error) {
	if r.err == nil {
		r.err = e
	}
}

// at is the path of one of the profile's settings.
func (r *resolver) at(key string) string { return "profiles." + r.s.Profile + "." + key }

func (r *resolver) profileName(flag string) {
	f := r.file
	names := f.ProfileNames()
	name, from := DefaultProfileName, origin{words: "default"}
	e := &Error{}
	switch v := r.env("AUTHLATCH_PROFILE"); {
	case flag != "":
		name, from, e.Key = flag, origin{words: "flag --profile"}, "--profile"
	case v != "":
		name, e.Key = v, "environment AUTHLATCH_PROFILE"
		from = origin{words: e.Key}
	case f.DefaultProfile != "":
		name, from = f.DefaultProfile, origin{path: "default_profile"}
	case len(names) == 1:
		name, from = names[0], origin{words: "the only profile"}
	case len(names) > 1 && !slices.Contains(names, name):
		r.fail(f.errorAt("default_profile", "is not set, and there are several profiles", "name one with --profile: "+strings.Join(names, ", ")))
		return
	}
	p, ok := f.Profiles[name]
	if !ok && (len(names) > 0 || name != DefaultProfileName) {
		e.Problem, e.Next = "there is no profile "+strconv.Quote(name), suggestion(name, names)
		if len(names) == 0 {
			path := f.Path
			if path == "" {
				path = DefaultPath(r.env)
			}
			e.Next = "there are no profiles yet; write [profiles." + name + "] into " + path
			if path == "" || checkName(name) != "" {
				e.Next = ""
			}
		}
		r.fail(e)
		return
	}
	r.p, r.s.Profile, r.s.origins["profile"] = p, name, from
}

func (r *resolver) flows(flag string) {
	s := &r.s
	fromEnv := strings.FieldsFunc(r.env("AUTHLATCH_FLOWS"), func(c rune) bool { return c == ',' || c == ' ' })
	switch {
	case len(fromEnv) > 0:
		s.Flows, s.origins["flows"] = fromEnv, origin{words: "environment AUTHLATCH_FLOWS"}
	case len(r.p.Flows) > 0:
		s.Flows, s.origins["flows"] = slices.Clone(r.p.Flows), origin{path: r.at("flows")}
	default:
		s.Flows, s.origins["flows"] = slices.Clone(DefaultFlows), origin{words: "default"}
	}
	for i, f := range fromEnv {
		if problem := checkFlow(f); problem != "" {
			r.fail(&Error{Key: "environment AUTHLATCH_FLOWS", Problem: problem})
		} else if slices.Contains(fromEnv[:i], f) {
			r.fail(&Error{Key: "environment AUTHLATCH_FLOWS", Problem: strconv.Quote(f) + " is there twice"})
		}
	}
	s.Entra = allEntra(s.Flows)
	if flag != "" {
		if problem := checkFlow(flag); problem != "" {
			r.fail(&Error{Key: "--flow", Problem: problem})
		}
		// One flow for this once. It can only take the Entra defaults away: the
		// identity must not depend on it otherwise.
		s.Entra = s.Entra && allEntra([]string{flag})
		s.Flows, s.origins["flows"] = []string{flag}, origin{words: "flag --flow"}
	}
}

// authority settles cloud and authority, which are two spellings of one setting.
func (r *resolver) authority(flags Flags) {
	type source struct{ cloud, authority, cloudOrigin, authorityOrigin string }
	sources := []source{
		{flags.Cloud, flags.Authority, "flag --cloud", "flag --authority"},
		{r.env("AUTHLATCH_CLOUD"), r.env("AUTHLATCH_AUTHORITY"), "environment AUTHLATCH_CLOUD", "environment AUTHLATCH_AUTHORITY"},
		{r.p.Cloud, r.p.Authority, r.at("cloud"), r.at("authority")},
	}
	if r.s.Entra {
		host := r.env("AZURE_AUTHORITY_HOST")
		if host != "" && !strings.Contains(host, "://") { // as azure-identity takes it
			host = "https://" + host
		}
		sources = append(sources, source{"", host, "", "environment AZURE_AUTHORITY_HOST"}, source{cloud: "public", cloudOrigin: "default"})
	}
	for i, src := range sources {
		profile := i == 2
		switch {
		case src.cloud != "" && src.authority != "":
			r.fail(r.blame(src.authorityOrigin, profile, "cannot be set together with cloud"))
		case src.cloud != "":
			if problem := checkCloud(src.cloud); problem != "" {
				r.fail(r.blame(src.cloudOrigin, profile, problem))
			}
			c, _ := CloudByName(src.cloud)
			r.s.Cloud, r.s.Authority = c.Name, c.Authority
			r.setOrigin("authority", src.cloudOrigin, profile)
		case src.authority != "":
			if problem := checkAuthority(src.authority); problem != "" {
				r.fail(r.blame(src.authorityOrigin, profile, problem))
				return
			}
			r.s.Authority = canonicalURL(src.authority)
			if c, ok := CloudByAuthority(r.s.Authority); ok {
				r.s.Cloud, r.s.Authority = c.Name, c.Authority
			}
			r.setOrigin("authority", src.authorityOrigin, profile)
		default:
			continue
		}
		return
	}
}

// blame points at a profile's line, or at the flag or variable.
func (r *resolver) blame(from string, profile bool, problem string) *Error {
	if profile {
		return r.file.errorAt(from, problem, "")
	}
	return &Error{Key: strings.TrimPrefix(from, "flag "), Problem: problem}
}

func (r *resolver) setOrigin(key, from string, profile bool) {
	if profile {
		r.s.origins[key] = origin{path: from}
		return
	}
	r.s.origins[key] = origin{words: from}
}

// value takes the first that is set and checks it.
func (r *resolver) value(key, flag, profile, fallback string, check func(string) string) string {
	name := strings.ToUpper(key)
	own, azure := r.env("AUTHLATCH_"+name), ""
	if key == "tenant" {
		name = "TENANT_ID"
	}
	if r.s.Entra {
		azure = r.env("AZURE_" + name)
	}
	v, from := fallback, "default"
	switch {
	case flag != "":
		v, from = flag, "flag --"+strings.ReplaceAll(key, "_", "-")
	case own != "":
		v, from = own, "environment AUTHLATCH_"+strings.ToUpper(key)
	case profile != "":
		v, from = profile, r.at(key)
	case azure != "":
		v, from = azure, "environment AZURE_"+name
	}
	inProfile := flag == "" && own == "" && profile != ""
	if v != "" && v != fallback {
		if problem := check(v); problem != "" {
			r.fail(r.blame(from, inProfile, problem))
		}
	}
	r.setOrigin(key, from, inProfile)
	return v
}

// rest copies what only a profile sets.
func (r *resolver) rest() {
	s, p := &r.s, r.p
	s.AdditionallyAllowedTenants = slices.Clone(p.AdditionallyAllowedTenants)
	s.CAFile = p.CAFile
	s.DisableInstanceDiscovery = p.DisableInstanceDiscovery
	s.Servers = slices.Clone(p.Servers)
	s.Options = maps.Clone(p.Flow)
	for key, set := range map[string]bool{
		"additionally_allowed_tenants": p.AdditionallyAllowedTenants != nil, "ca_file": p.CAFile != "",
		"disable_instance_discovery": p.DisableInstanceDiscovery, "servers": p.Servers != nil,
	} {
		s.origins[key] = origin{words: "default"}
		if set {
			s.origins[key] = origin{path: r.at(key)}
		}
	}
	var err error
	if s.Store, err = resolveStore(r.file, r.env, s.origins); err != nil && r.err == nil {
		r.err = err
	}
}
