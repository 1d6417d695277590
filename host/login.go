package host

import (
	"runtime"
	"slices"
	"strings"

	"github.com/authlatch/authlatch/host/config"
)

// Login is the sign-in that an Error proposes. What is empty is not needed.
type Login struct {
	Profile string
	Flow    string
	Tenant  string // other than the profile's
	Scopes  []string
	Claims  string
}

// String is the command of authlatch for it, to be pasted into a shell.
func (l Login) String() string {
	args := []string{"authlatch", "login", "-p", l.Profile}
	add := func(flag, value string) {
		if value != "" {
			args = append(args, flag, value)
		}
	}
	add("--flow", l.Flow)
	add("--tenant", l.Tenant)
	for _, s := range l.Scopes {
		add("--scope", s)
	}
	add("--claims", l.Claims)
	for i, a := range args {
		args[i] = quote(a, runtime.GOOS)
	}
	return strings.Join(args, " ")
}

// quote quotes a word for the shell of that system, if need be: POSIX single
// quotes, or the double quotes that Windows programs read.
func quote(s, goos string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@=,+", r)
	}
	switch {
	case s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }):
		return s
	case goos == "windows":
		return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"`
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// loginCommand completes l with what the job asked for. Scopes and tenant are
// named only where they are not the profile's own.
func (h *Host) loginCommand(j *job, l Login) string {
	l.Profile = h.settings.Profile
	if j != nil {
		if !strings.EqualFold(j.Tenant, h.settings.Tenant) {
			l.Tenant = j.Tenant
		}
		if !slices.Equal(j.Scopes, config.DefaultScopes(h.settings)) {
			l.Scopes = j.Scopes
		}
	}
	return "run: " + h.cfg.LoginCommand(l)
}
