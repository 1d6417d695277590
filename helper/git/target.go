package git

import (
	"strings"

	"github.com/authlatch/authlatch/helper/exchange"
	"github.com/authlatch/authlatch/helper/report"
	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/service"
)

// target is what a message is about, if it is ours.
type target struct {
	match    service.Match
	settings config.Settings
	request  exchange.Request
}

// find says whether a message's host is one of ours, and whose token it gets. A
// host that cannot be proved, in whatever way, is somebody else's.
func (c Command) find(f flags, m message) (target, bool, error) {
	if m.protocol != "https" && m.protocol != "http" || m.host == "" || strings.ContainsAny(m.host, "/?#") {
		return target{}, false, nil
	}
	address, err := config.ParseAddress("https://" + m.host)
	if err != nil {
		return target{}, false, nil
	}
	file, err := c.Source.File(f.config)
	if err != nil {
		return target{}, false, err
	}
	match, ok, err := matchOf(file, address, m)
	if err != nil || !ok {
		return target{}, false, err
	}
	profile := match.Profile
	if f.profile != "" {
		profile = f.profile
	}
	settings, err := c.Source.Resolve(file, profile)
	if err != nil {
		return target{}, false, err
	}
	scopes, err := settings.Scopes([]string{match.Scope}, "")
	if err != nil {
		return target{}, false, err
	}
	return target{match, settings, exchange.Request{
		Client: "git", Profile: profile, Config: f.config, Scopes: scopes,
	}}, true, nil
}

// matchOf looks for the host with its path, by which rules tell organisations
// apart. git sends the path only with credential.useHttpPath; what Azure DevOps
// puts before the @ of its clone URLs is the organisation, too.
func matchOf(file *config.File, host config.Address, m message) (service.Match, bool, error) {
	path := m.path
	if path == "" && host.HostPort() == "dev.azure.com" && !strings.ContainsAny(m.username, "/@") {
		path = m.username
	}
	address := host
	var bad error
	if path != "" {
		address, bad = config.ParseAddress("https://" + host.HostPort() + "/" + escapePath(path))
		if bad != nil {
			address = host
		}
	}
	match, ok := service.Find(file, address, service.DevOps, service.Custom)
	if ok && bad != nil && m.path != "" {
		return service.Match{}, false, &report.Error{
			Code: report.Policy, What: "the path on " + m.host + " could be read in two ways", Next: "clone by the URL that the server shows",
		}
	}
	return match, ok, nil
}

// escapePath undoes what git has unescaped, where it matters.
func escapePath(path string) string {
	return strings.NewReplacer("%", "%25", "?", "%3F", "#", "%23").Replace(path)
}
