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

	// What the caller's own command line says and the profile does not. The host
	// leaves these to Config.LoginCommand.
	ClientID string
	Username string
	Config   string // path of the config file
}

// String is the command of authlatch for it, to be pasted into a shell.
func (l Login) String() string { return l.command(runtime.GOOS) }

func (l Login) command(goos string) string {
	var b strings.Builder
	b.WriteString("authlatch login")
	add := func(flag, value string) {
		if value == "" {
			return
		}
		word, ok := quote(value, goos)
		if !ok {
			word = strings.ToUpper(strings.TrimLeft(flag, "-"))
		}
		b.WriteString(" " + flag + " " + word)
	}
	add("-p", l.Profile)
	add("--flow", l.Flow)
	add("--tenant", l.Tenant)
	for _, s := range l.Scopes {
		add("--scope", s)
	}
	add("--claims", l.Claims)
	add("--client-id", l.ClientID)
	add("--username", l.Username)
	add("--config", l.Config)
	return b.String()
}

// quote quotes a word, if need be, for a POSIX shell. On Windows it cannot be
// known which shell will read it, and cmd.exe and PowerShell agree on nothing but
// plain words in double quotes: what is no such word is not ok. Parts of the
// command come from a cluster or a provider.
func quote(s, goos string) (word string, ok bool) {
	windows := goos == "windows"
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@=,+", r) || windows && r == '\\'
	}
	strange := func(r rune) bool { return !plain(r) }
	switch {
	case s != "" && !strings.ContainsFunc(s, strange):
		return s, true
	case !windows:
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'", true
	}
	spaced := func(r rune) bool { return !plain(r) && r != ' ' }
	// A backslash before the closing quote would quote it.
	return `"` + s + `"`, !strings.ContainsFunc(s, spaced) && !strings.HasSuffix(s, `\`)
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
	return h.cfg.LoginCommand(l)
}
