package emulator

import (
	"slices"
	"strings"
)

// scopeSet is a parsed scope parameter: at most one resource.
type scopeSet struct {
	oidc     []string // of openid, profile, email, offline_access, in the order asked
	asked    []string // the resource's scopes exactly as they were spelt
	resource string   // as spelt, what the access token's aud becomes
	perms    []string // granted permissions, what scp becomes
}

var oidcScopes = []string{"openid", "profile", "email", "offline_access"}

// graphApp is Microsoft Graph's application id, the audience of a token that
// was asked for with OpenID Connect scopes alone.
const graphApp = "00000003-0000-0000-c000-000000000000"

func (s scopeSet) has(oidc string) bool { return slices.Contains(s.oidc, oidc) }

// granted is the scope of the token response. Entra lists the permissions by
// their full names, what was asked for besides, and never offline_access.
func (s scopeSet) granted() string {
	var out []string
	add := func(scope string) {
		if !slices.ContainsFunc(out, func(have string) bool { return strings.EqualFold(have, scope) }) {
			out = append(out, scope)
		}
	}
	for _, scope := range s.oidc {
		if scope != "offline_access" {
			add(scope)
		}
	}
	for _, perm := range s.perms {
		if s.resource != graphApp {
			add(s.resource + "/" + perm)
		} else {
			add(perm)
		}
	}
	for _, scope := range s.asked {
		add(scope)
	}
	return strings.Join(out, " ")
}

// within reports whether s asks for nothing that consent, the scopes a grant
// was made for, does not cover.
func (s scopeSet) within(consent scopeSet) bool {
	if len(s.asked) == 0 {
		return true
	}
	if !sameResource(s.resource, consent.resource) {
		return false
	}
	for _, perm := range s.perms {
		if !slices.ContainsFunc(consent.perms, func(have string) bool { return strings.EqualFold(have, perm) }) {
			return false
		}
	}
	return true
}

func sameResource(a, b string) bool {
	return strings.EqualFold(strings.TrimSuffix(a, "/"), strings.TrimSuffix(b, "/"))
}

// parseScopes judges a scope parameter as Entra does. Call it with s.mu held or not:
// resources never change.
func (s *Server) parseScopes(raw string, app App, tenant string) (scopeSet, *oauthError) {
	var set scopeSet
	for _, scope := range strings.Fields(raw) {
		if lower := strings.ToLower(scope); slices.Contains(oidcScopes, lower) {
			if !set.has(lower) {
				set.oidc = append(set.oidc, lower)
			}
			continue
		}
		name, perm, refused := splitScope(scope)
		if refused != nil {
			return scopeSet{}, refused
		}
		if set.resource == "" {
			set.resource = name
		} else if !sameResource(set.resource, name) {
			return scopeSet{}, errTwoResources()
		}
		perms, refused := s.permissions(name, perm, scope, app, tenant)
		if refused != nil {
			return scopeSet{}, refused
		}
		set.asked = append(set.asked, scope)
		for _, p := range perms {
			if !slices.Contains(set.perms, p) {
				set.perms = append(set.perms, p)
			}
		}
	}
	if set.resource == "" && len(set.oidc) == 0 {
		return scopeSet{}, errScope("''")
	}
	if set.resource == "" {
		set.resource, set.perms = graphApp, []string{"User.Read"}
	}
	return set, nil
}

// splitScope parts a scope at its last slash, so that the resource of
// "https://management.core.windows.net//.default" keeps one.
func splitScope(scope string) (resource, perm string, refused *oauthError) {
	for i := range len(scope) {
		// scope-token of RFC 6749 section 3.3.
		if c := scope[i]; c < 0x21 || c > 0x7e || c == '"' || c == '\\' {
			return "", "", errScope(scope)
		}
	}
	i := strings.LastIndexByte(scope, '/')
	if i < 0 {
		return GraphResource, scope, nil
	}
	resource, perm = scope[:i], scope[i+1:]
	if resource == "" || perm == "" || strings.HasSuffix(resource, ":/") || strings.HasSuffix(resource, ":") {
		return "", "", errScope(scope)
	}
	return resource, perm, nil
}

func (s *Server) permissions(name, perm, scope string, app App, tenant string) ([]string, *oauthError) {
	for _, known := range s.resources {
		if !sameResource(known.id, name) {
			continue
		}
		if perm == ".default" {
			return known.scopes[:1], nil
		}
		for _, p := range known.scopes {
			if strings.EqualFold(p, perm) {
				return []string{p}, nil
			}
		}
		return nil, errUnknownPermission(app, scope, name)
	}
	return nil, errUnknownResource(name, tenant)
}
