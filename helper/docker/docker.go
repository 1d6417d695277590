// Package docker is the credential helper for docker and everything else that runs
// docker-credential-NAME: podman, skopeo, buildah, crane, helm, oras. It gives
// refresh tokens of Azure Container Registries, passes other registries on to the
// helper that the user's config names, if any, and is silent about the rest. It
// keeps no passwords. As docker wants it, errors go to stdout with exit code 1; what
// a person should know besides goes to stderr, which docker shows.
package docker

import (
	"context"
	"errors"
	"io"

	"github.com/authlatch/authlatch/helper/exchange"
	"github.com/authlatch/authlatch/helper/report"
	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/service"
	"github.com/authlatch/authlatch/host/store"
	"github.com/authlatch/authlatch/internal/sanitize"
	"github.com/authlatch/authlatch/internal/version"
)

// program is the name under which it tells what is wrong.
const program = "docker-credential-authlatch"

// Texts that docker-credential-helpers' client and docker compare with, to the
// letter (credentials/error.go there).
const (
	notFound        = "credentials not found in native keychain"
	missingServer   = "no credentials server URL"
	missingUsername = "no credentials username"
)

// username goes with a registry's refresh token as password, in every client: docker
// sends both by Basic to the token endpoint.
const username = "00000000-0000-0000-0000-000000000000"

// maxInput bounds what docker writes: a URL, or one with a user and a secret. docker
// itself has no bound.
const maxInput = 1 << 20

// Source gets settings and tokens; *source.Source is one.
type Source interface {
	// File reads the config; Resolve gives a profile's settings, "" the default's.
	File(path string) (*config.File, error)
	Resolve(f *config.File, profile string) (config.Settings, error)
	Token(ctx context.Context, s config.Settings, q exchange.Request) (store.Token, error)
	Cached(s config.Settings, q exchange.Request) (store.Token, bool)
	Forget(s config.Settings, q exchange.Request) bool
}

// Command is one call of docker-credential-authlatch.
type Command struct {
	// Args without the program's name.
	Args   []string
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Source Source
	// Fallback runs docker-credential-NAME with an operation and that stdin, and
	// returns its stdout; its exit code other than 0 is no error.
	Fallback func(ctx context.Context, name, operation, stdin string) (stdout string, code int, err error)
}

const usage = `docker-credential-authlatch gets credentials of Azure Container Registries for docker.

Usage: docker-credential-authlatch get|store|erase|list|version

In ~/.docker/config.json (authlatch configure docker REGISTRY writes it):
  "credHelpers": { "contoso.azurecr.io": "authlatch" }
`

// answer is what an operation comes to: a text for stdout and an exit code.
type answer struct {
	text string
	code int
}

func failed(text string) answer { return answer{text + "\n", report.Other} }

// Run does what Args say and returns the exit code.
func (c Command) Run(ctx context.Context) int {
	a := c.do(ctx)
	if _, err := io.WriteString(c.Stdout, a.text); err != nil {
		c.say(err)
		return report.Other
	}
	return a.code
}

func (c Command) do(ctx context.Context) answer {
	if len(c.Args) != 1 {
		return failed("Usage: " + program + " get|store|erase|list|version")
	}
	operations := map[string]func(context.Context, string) answer{"get": c.get, "store": c.store, "erase": c.erase, "list": c.list}
	switch operation := c.Args[0]; operation {
	case "version", "--version", "-v":
		return answer{program + " " + version.String() + "\n", 0}
	case "help", "--help", "-h":
		return answer{usage, 0}
	default:
		do, known := operations[operation]
		if !known {
			return failed(program + ": unknown action: " + sanitize.Line(operation, 100))
		}
		in := ""
		if operation != "list" { // which docker gives no input, or "unused"
			b, err := io.ReadAll(io.LimitReader(c.Stdin, maxInput+1))
			if err != nil || len(b) > maxInput {
				return failed("the input cannot be read, or is longer than 1 MiB")
			}
			in = string(b)
		}
		return do(ctx, in)
	}
}

// place is a registry that gets authlatch's credentials: under which settings, and
// the request for them.
type place struct {
	settings config.Settings
	request  exchange.Request
}

// find proves that a server is a registry that gets credentials. ok is false for
// all others; an error is for one that would get them but for something that the
// user has to put right.
func (c Command) find(f *config.File, server string) (p place, ok bool, err error) {
	a, err := config.ParseAddress(server)
	if err != nil {
		return place{}, false, nil // docker's own "https://index.docker.io/v1/" parses; who else does not is none of ours
	}
	m, ok := service.Find(f, a, service.Registry)
	if !ok {
		return place{}, false, nil
	}
	if p.settings, err = c.Source.Resolve(f, m.Profile); err != nil {
		return place{}, true, err
	}
	if err := m.Check(p.settings); err != nil {
		return place{}, true, err
	}
	scopes, err := p.settings.Scopes([]string{m.Scope}, "")
	if err != nil {
		return place{}, true, err
	}
	p.request = exchange.Request{Client: "docker", Profile: m.Profile, Scopes: scopes, Registry: m.Registry, Interaction: "never"}
	if f.Docker.Interactive {
		p.request.Interaction = "auto"
	}
	return p, true, nil
}

// say tells on stderr what docker has no place for.
func (c Command) say(err error) { report.WriteAs(c.Stderr, program, report.Text, err) }

// broken is the answer if the config cannot be read: nobody can say then whose a
// registry is.
func (c Command) broken(err error) answer {
	c.say(err)
	var bad *config.Error
	if errors.As(err, &bad) {
		return failed(program + ": " + sanitize.Line(bad.Error(), 1000))
	}
	return failed(program + ": the config cannot be read")
}
