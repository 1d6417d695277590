package git

import (
	"strconv"
	"strings"
	"time"

	"github.com/authlatch/authlatch/host/store"
)

// capabilities is the answer to git's question of what this helper can:
// git-credential(1), CAPABILITY INPUT/OUTPUT FORMAT.
const capabilities = "version 0\ncapability authtype\ncapability state\n"

// nobody is the user name of a token whose account has none that can stand
// before the colon of HTTP's Basic. Azure DevOps ignores it.
const nobody = "authlatch"

// answer is the token for git: as a Bearer credential if this git can take one
// (2.46 and later), else as the password, which Azure DevOps takes too. A Bearer
// is ephemeral, so that no other helper stores it. git is told an earlier expiry,
// when this helper would no longer hand the token out either.
func answer(m message, t store.Token, tenant string, now time.Time) string {
	until := t.ExpiresOn.Add(-t.Headroom())
	if !until.After(now) {
		until = t.ExpiresOn
	}
	var b strings.Builder
	line := func(key, value string) { b.WriteString(key + "=" + value + "\n") }
	state := m.can("state") && tenant != ""
	if m.can("authtype") {
		line("capability[]", "authtype")
	}
	if state {
		line("capability[]", "state")
	}
	if m.can("authtype") {
		line("authtype", "Bearer")
		line("credential", t.Secret.Reveal())
		line("ephemeral", "1")
	} else {
		line("username", user(m.username, t.Account.Username))
		line("password", t.Secret.Reveal())
	}
	line("password_expiry_utc", strconv.FormatInt(until.Unix(), 10))
	if state {
		line("state[]", statePrefix+tenant)
	}
	return b.String()
}

// user is the name that the URL has, else the account's.
func user(asked, account string) string {
	for _, name := range []string{asked, account} {
		if name != "" && strings.Trim(name, plainUser) == "" {
			return name
		}
	}
	return nobody
}

// plainUser are the characters of user principal names, none of which means
// anything to the protocol or to HTTP's Basic (RFC 7617 section 2).
const plainUser = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@._-+#'!^~ "

// printable says that a token can stand on a line of git's and in a header.
func printable(t store.Token) bool {
	secret := t.Secret.Reveal()
	return secret != "" && !strings.ContainsFunc(secret, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}
