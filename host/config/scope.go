package config

import (
	"slices"
	"strconv"
	"strings"
)

// ScopesFor is the scope of a whole resource: the resource with "/.default". A
// resource that ends in a slash keeps it, as Entra ID wants: the audience of
// the token is what stands before the last one.
func ScopesFor(resource string) []string { return []string{resource + "/.default"} }

// DefaultScopes is the cloud's Resource Manager; nil if it is not known. An
// Entra ID authority of one's own gets the public cloud's.
func DefaultScopes(s Settings) []string {
	c, ok := CloudByName(s.Cloud)
	if !ok && s.Entra {
		c = clouds[0]
	}
	if c.ResourceManager == "" {
		return nil
	}
	return []string{c.ResourceManager}
}

// Scopes checks what a caller asks for: scopes, or one resource, or neither
// (the cloud's Resource Manager). Its errors name --scope or --resource.
func (s Settings) Scopes(scopes []string, resource string) ([]string, error) {
	fail := func(key, problem, next string) ([]string, error) {
		return nil, &Error{Key: key, Problem: problem, Next: next}
	}
	switch {
	case len(scopes) > 0 && resource != "":
		return fail("--resource", "cannot be given together with --scope", "give one of them")
	case resource != "":
		if problem := checkScope(resource); problem != "" {
			return fail("--resource", problem, "")
		}
		if strings.HasSuffix(resource, "/.default") {
			return fail("--resource", "is a scope", "use --scope "+resource)
		}
		return ScopesFor(resource), nil
	case len(scopes) == 0:
		if d := DefaultScopes(s); d != nil {
			return d, nil
		}
		why := "profile " + s.Profile + " has no default"
		if own := foreignFlow(s.Flows); own != "" {
			why = "the flow " + strconv.Quote(own) + " is not one of authlatch's own, which know a default"
		}
		return fail("--scope", "must be given: "+why, "")
	}
	first := ""
	for _, scope := range scopes {
		if problem := checkScope(scope); problem != "" {
			return fail("--scope", problem, "")
		}
		if !s.Entra {
			continue
		}
		if scope == "offline_access" {
			return fail("--scope", "offline_access is always asked for and is no token's scope", "leave it out")
		}
		if isBareResource(scope) {
			return fail("--scope", strconv.Quote(scope)+" is a resource, without a permission of it", "did you mean --scope "+ScopesFor(scope)[0]+"?")
		}
		r := resourceOf(scope)
		if r != "" && first != "" && r != first {
			return fail("--scope", "a token is for one resource, and these are two: "+first+" and "+r, "ask for each with a call of its own")
		}
		if r != "" {
			first = r
		}
	}
	scopes = slices.Clone(scopes)
	slices.Sort(scopes)
	return slices.Compact(scopes), nil
}

// resourceOf is the resource of one of Entra ID's scopes; "" for OpenID
// Connect's, which go with any. A bare permission is Microsoft Graph's.
func resourceOf(scope string) string {
	switch scope {
	case "openid", "profile", "email":
		return ""
	}
	i := strings.LastIndexByte(scope, '/')
	if i < 0 {
		return "Microsoft Graph"
	}
	r := strings.ToLower(strings.TrimRight(scope[:i], "/"))
	if r == "https://graph.microsoft.com" || r == "00000003-0000-0000-c000-000000000000" {
		return "Microsoft Graph"
	}
	return r
}

// isBareResource says that a scope is a resource's URI or application id and no
// more, which Entra ID takes for none (AADSTS70011).
func isBareResource(scope string) bool {
	_, rest, uri := strings.Cut(scope, "://")
	return IsGUID(scope) || uri && !strings.Contains(strings.TrimSuffix(rest, "/"), "/")
}

// checkScope is RFC 6749 section 3.3: printable ASCII without space, quote and
// backslash.
func checkScope(s string) string {
	if s == "" {
		return "must not be empty"
	}
	if len(s) > 2048 || !only(s, func(c byte) bool { return c > ' ' && c <= '~' && c != '"' && c != '\\' }) {
		return strconv.QuoteToASCII(truncated(s)) + " is no scope; give each scope by itself"
	}
	return ""
}

func truncated(s string) string {
	if len(s) > 80 {
		return s[:80] + "..."
	}
	return s
}
