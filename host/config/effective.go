package config

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/authlatch/authlatch/host/store"
)

// Identity is what the store files the profile's sign-in under.
func (s Settings) Identity() store.Identity {
	i := store.Identity{Authority: s.Authority, Tenant: s.Tenant, ClientID: s.ClientID}
	if s.Username == "" || s.hint {
		i.Profile = s.Profile
		if s.file != nil { // profiles of two files are two, though they have one name
			i.Config = s.file.other
		}
		return i
	}
	i.Username = s.Username
	if s.Entra { // user principal names have no case
		i.Username = strings.ToLower(i.Username)
	}
	return i
}

// TokenKey is the store's key of an access token under this profile, for scopes
// that Scopes gave. The caller adds what makes it another kind of token.
func (s Settings) TokenKey(scopes []string, tenant string) store.TokenKey {
	return store.TokenKey{Identity: s.Identity(), Tenant: tenant, Scopes: scopes, Capabilities: s.Capabilities()}
}

// Capabilities are the client capabilities that every request carries: cp1, we
// can answer claims challenges.
func (s Settings) Capabilities() []string { return []string{"cp1"} }

// CheckTenant says whether a token of tenant may be asked for under this
// profile. "" is the profile's own. As in azidentity, a profile of one tenant
// must allow others by name or by "*"; one of many tenants allows them all.
func (s Settings) CheckTenant(tenant string) error {
	fail := func(problem, next string, policy bool) error {
		return &Error{Key: "--tenant", Problem: problem, Next: next, Policy: policy}
	}
	if tenant == "" || strings.EqualFold(tenant, s.Tenant) {
		return nil
	}
	if problem := checkTenant(tenant, s.Entra); problem != "" {
		return fail(problem, "", false)
	}
	switch s.Tenant {
	case "organizations", "common":
		return nil
	}
	for _, t := range s.AdditionallyAllowedTenants {
		if t == "*" || strings.EqualFold(t, tenant) {
			return nil
		}
	}
	return fail("profile "+s.Profile+" does not allow tenant "+tenant,
		"add it to additionally_allowed_tenants in [profiles."+s.Profile+"]", true)
}

// Explain lists the effective values in a fixed order, each with its origin.
func (s Settings) Explain() []Explained {
	var all []Explained
	add := func(key, value, origin string) {
		all = append(all, Explained{Key: key, Value: value, Origin: origin})
	}
	simple := func(key, value string) { add(key, value, s.origin(key)) }
	simple("profile", s.Profile)
	add("cloud", s.Cloud, s.origin("authority"))
	simple("authority", s.Authority)
	simple("tenant", s.Tenant)
	simple("client_id", s.ClientID)
	simple("username", s.Username)
	simple("flows", strings.Join(s.Flows, ", "))
	simple("additionally_allowed_tenants", strings.Join(s.AdditionallyAllowedTenants, ", "))
	simple("ca_file", s.CAFile)
	simple("disable_instance_discovery", strconv.FormatBool(s.DisableInstanceDiscovery))
	simple("servers", strings.Join(s.Servers, ", "))
	for _, flow := range slices.Sorted(maps.Keys(s.Options)) {
		for _, name := range slices.Sorted(maps.Keys(s.Options[flow])) {
			path := "profiles." + s.Profile + ".flow." + flow + "." + name
			add("flow."+flow+"."+name, s.Options[flow][name].describe(), s.file.origin(path))
		}
	}
	simple("store.key", s.Store.Key)
	simple("store.dir", s.Store.Dir)
	if s.Store.Key == "file" {
		simple("store.key_file", s.Store.KeyFile)
	}
	return all
}

func (o Option) describe() string {
	switch {
	case o.Env != "":
		return "{ env = " + strconv.Quote(o.Env) + " }"
	case o.File != "":
		return "{ file = " + strconv.Quote(o.File) + " }"
	}
	return o.Value
}
