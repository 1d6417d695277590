package cli

import "github.com/authlatch/authlatch/host"

// loginCommand is the command to run where a person is needed, ready to paste.
// It names the config file if a flag did, and, if login itself failed, the flags
// that it was given.
func (a *app) loginCommand(l host.Login, given *loginOptions) string {
	if given != nil {
		l.ClientID, l.Username = given.clientID, given.username
	}
	if a.global.config != "" {
		l.Config = absolute(a.global.config)
	}
	return l.String()
}
