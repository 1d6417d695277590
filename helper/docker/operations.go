package docker

import (
	"context"
	"encoding/json"
	"maps"
	"strings"

	"github.com/authlatch/authlatch/helper/report"
	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/internal/sanitize"
)

// credentials are docker's own shape of them; docker reads and writes no other
// fields.
type credentials struct {
	ServerURL string
	Username  string
	Secret    string
}

// serverOf takes the server's URL as docker writes it, or as a person pipes it.
func serverOf(in string) string { return strings.TrimSuffix(strings.TrimSuffix(in, "\n"), "\r") }

// get answers with a credential, or that there is none: docker lists all that is
// configured before a build and gives the build up at any other error.
func (c Command) get(ctx context.Context, in string) answer {
	server := serverOf(in)
	if strings.TrimSpace(server) == "" {
		return failed(missingServer)
	}
	f, err := c.Source.File("")
	if err != nil {
		return c.broken(err)
	}
	p, ours, err := c.find(f, server)
	if !ours {
		return c.pass(ctx, f, "get", in, failed(notFound))
	}
	if err == nil {
		t, tokenErr := c.Source.Token(ctx, p.settings, p.request)
		if tokenErr == nil {
			return credentialsAnswer(credentials{server, username, t.Secret.Reveal()})
		}
		err = tokenErr
	}
	c.say(err)
	return failed(notFound)
}

func credentialsAnswer(v any) answer {
	b, err := json.Marshal(v)
	if err != nil {
		return failed("the answer cannot be written as JSON")
	}
	return answer{string(b) + "\n", 0}
}

// store is for other helpers. docker login stores what it has just got from get,
// and that is kept already.
func (c Command) store(ctx context.Context, in string) answer {
	var given credentials
	if json.Unmarshal([]byte(in), &given) != nil {
		return failed("the credentials are not JSON as docker writes it")
	}
	if strings.TrimSpace(given.ServerURL) == "" {
		return failed(missingServer)
	}
	if given.Username == "" {
		return failed(missingUsername)
	}
	f, err := c.Source.File("")
	if err != nil {
		return c.broken(err)
	}
	_, ours, err := c.find(f, given.ServerURL)
	switch {
	case !ours:
		return c.pass(ctx, f, "store", in, failed(program+" keeps no passwords; name the helper for other registries as fallback in [docker] of authlatch's config"))
	case err != nil:
		return c.broken(err)
	case given.Username == username || given.Username == "<token>":
		return answer{}
	}
	return failed("authlatch signs in to " + sanitize.Line(given.ServerURL, 300) +
		" by itself and keeps no password for it; run: authlatch configure docker --undo, to use one")
}

// erase drops the registry's token, so that the next get fetches another. Who is
// not signed in, or never was, has nothing to lose.
func (c Command) erase(ctx context.Context, in string) answer {
	server := serverOf(in)
	if strings.TrimSpace(server) == "" {
		return failed(missingServer)
	}
	f, err := c.Source.File("")
	if err != nil {
		return c.broken(err)
	}
	p, ours, err := c.find(f, server)
	switch {
	case !ours:
		return c.pass(ctx, f, "erase", in, answer{})
	case err != nil:
		c.say(err)
		return answer{}
	}
	c.Source.Forget(p.settings, p.request)
	return answer{}
}

// list names the registries for which there is a credential now: those of the
// rules, which alone are known by name, and the other helper's.
func (c Command) list(ctx context.Context, _ string) answer {
	f, err := c.Source.File("")
	if err != nil {
		return c.broken(err)
	}
	all := map[string]string{}
	if f.Docker.Fallback != "" {
		a := c.pass(ctx, f, "list", "unused", answer{"{}", 0})
		if a.code != 0 || json.Unmarshal([]byte(a.text), &all) != nil {
			c.say(&report.Error{Code: report.Other, What: "docker-credential-" + f.Docker.Fallback + " does not list its credentials", Why: sanitize.Line(a.text, 200)})
			all = map[string]string{}
		}
		maps.DeleteFunc(all, func(server, _ string) bool { _, ours, _ := c.find(f, server); return ours })
	}
	for _, r := range f.Rules {
		if strings.HasPrefix(r.Host, "*") || strings.Contains(r.Host, "/") {
			continue
		}
		p, ours, err := c.find(f, r.Host)
		if !ours || err != nil {
			continue
		}
		if _, ok := c.Source.Cached(p.settings, p.request); ok {
			all[r.Host] = username
		}
	}
	return credentialsAnswer(all)
}

// pass asks the other helper; without one, without is the answer. One that cannot
// be run has no credentials.
func (c Command) pass(ctx context.Context, f *config.File, operation, in string, without answer) answer {
	name := f.Docker.Fallback
	if name == "" {
		return without
	}
	text, code, err := c.Fallback(ctx, name, operation, in)
	if err != nil {
		c.say(&report.Error{
			Code: report.Other, What: "docker-credential-" + name + " cannot be run", Why: err.Error(),
			Next: "install it, or correct fallback in [docker] of " + sanitize.Line(f.Path, 1000), Err: err,
		})
		if operation == "store" {
			return failed("docker-credential-" + name + " cannot be run, and nothing is kept")
		}
		return without
	}
	return answer{text, code}
}
