package git

import (
	"strings"

	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/service"
	"github.com/authlatch/authlatch/internal/configure"
)

const devOps = "dev.azure.com"

// targetsOf reads the arguments; none is all of Azure DevOps. Each is proved to be
// one of a service's that the profile may have tokens for.
func targetsOf(e configure.Env, args []string) ([]target, error) {
	if len(args) == 0 {
		if err := allowed(e, "", config.Address{Host: devOps}); err != nil {
			return nil, err
		}
		return []target{
			{"https://" + devOps, config.Address{Host: devOps}},
			{"https://*.visualstudio.com", config.Address{}}, // the older names; "*" is one label to git
		}, nil
	}
	var all []target
	for _, arg := range args {
		targets, err := targetsOfOne(e, arg)
		if err != nil {
			return nil, err
		}
		all = append(all, targets...)
	}
	return all, nil
}

func targetsOfOne(e configure.Env, arg string) ([]target, error) {
	if !strings.ContainsAny(arg, "./:") {
		return organisation(e, arg, arg)
	}
	// Azure DevOps shows clone URLs with the organisation's name as the user's.
	bare := arg
	if rest, ok := strings.CutPrefix(arg, "https://"); ok {
		if user, host, ok := strings.Cut(rest, "@"); ok && !strings.ContainsAny(user, "/?#") {
			bare = "https://" + host
		}
	}
	address, err := config.ParseAddress(bare)
	if err != nil {
		return nil, &configure.Error{Code: 7, What: "the address " + arg + " is not one that a token can be sent to", Why: err.Error(), Next: "name an organisation, or a host as in git.corp.example", Err: err}
	}
	if name, _, _ := strings.Cut(address.Path, "/"); address.HostPort() == devOps && name != "" {
		return organisation(e, arg, name)
	}
	if err := allowed(e, arg, address); err != nil {
		return nil, err
	}
	return []target{{"https://" + address.String(), address}}, nil
}

// organisation has two addresses.
func organisation(e configure.Env, arg, name string) ([]target, error) {
	name = strings.ToLower(name)
	if name == "" || len(name) > 50 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || strings.HasPrefix(name, "-") || strings.HasSuffix(name, "-") {
		return nil, &configure.Error{Code: 2, What: arg + " is not the name of an organisation in Azure DevOps", Next: "take it from its URL: https://dev.azure.com/ORGANISATION"}
	}
	now := config.Address{Host: devOps, Path: name}
	before := config.Address{Host: name + ".visualstudio.com"}
	for _, a := range []config.Address{now, before} {
		if err := allowed(e, arg, a); err != nil {
			return nil, err
		}
	}
	return []target{{"https://" + now.String(), now}, {"https://" + before.String(), before}}, nil
}

// allowed says whether the helper would send a token there.
func allowed(e configure.Env, arg string, a config.Address) error {
	m, ok := service.Find(e.File, a, service.DevOps, service.Custom)
	if !ok {
		return &configure.Error{
			Code: 7, What: arg + " is not known to be a git server of Azure DevOps",
			Next: "if it is one that takes your tokens, add to authlatch's config: [[rule]] host = \"" + a.HostPort() + "\", scope = \"…\"",
		}
	}
	profile := m.Profile
	if e.Profile != "" {
		profile = e.Profile
	}
	s, err := config.Resolve(e.File, config.Flags{Profile: profile}, e.Getenv)
	if err != nil {
		return err
	}
	return m.Check(s)
}
