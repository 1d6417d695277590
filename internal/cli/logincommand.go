package cli

import (
	"runtime"
	"strings"

	"github.com/authlatch/authlatch/host"
)

// loginCommand is the command to run where a person is needed, ready to paste.
// It names the config file if a flag did, and, if login itself failed, the flags
// that it was given.
func (a *app) loginCommand(l host.Login, given *loginOptions) string {
	var more []string
	add := func(flag, value string) {
		if value != "" {
			more = append(more, flag, value)
		}
	}
	if given != nil {
		add("--client-id", given.clientID)
		add("--username", given.username)
	}
	if a.global.config != "" {
		add("--config", absolute(a.global.config))
	}
	command := l.String()
	for _, word := range more {
		command += " " + shellQuoted(word, runtime.GOOS)
	}
	return command
}

// shellQuoted quotes a word if need be, for a POSIX shell or the double quotes
// that programs on Windows read.
func shellQuoted(s, goos string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:@=,+"
	windows := goos == "windows"
	strange := func(r rune) bool { return !strings.ContainsRune(plain, r) && (r != '\\' || !windows) }
	switch {
	case s != "" && !strings.ContainsFunc(s, strange):
		return s
	case windows:
		return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"`
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
