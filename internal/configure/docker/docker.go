// Package docker makes docker ask authlatch for the credentials of container
// registries: it edits docker's config.json, which podman, skopeo, crane, helm and
// oras read too. Package cli has it in its list of tools.
package docker

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/pflag"

	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/service"
	"github.com/authlatch/authlatch/internal/configure"
)

// Tool is "authlatch configure docker". The zero value is ready for use.
type Tool struct {
	all bool
}

// program is the helper that docker runs.
const program = "docker-credential-" + helper

// Name is the command's.
func (*Tool) Name() string { return "docker" }

// Use is its arguments.
func (*Tool) Use() string { return "[REGISTRY]..." }

// Short is a line for lists.
func (*Tool) Short() string { return "Give docker the credentials of Azure Container Registries" }

// Long explains what is changed.
func (*Tool) Long() string {
	return "Give docker the credentials of Azure Container Registries: for each REGISTRY,\n" +
		"or each that a rule of the config names, docker's config.json gets authlatch\n" +
		"as its credential helper. podman, skopeo, crane, helm and oras read it too."
}

// Example shows lines to type.
func (*Tool) Example() string {
	return "  authlatch configure docker contoso.azurecr.io\n" +
		"  authlatch configure docker --check contoso.azurecr.io\n" +
		"  authlatch configure docker --undo"
}

// Flags has one: the helper for all registries.
func (t *Tool) Flags(f *pflag.FlagSet) {
	f.BoolVar(&t.all, "creds-store", false, "be asked for every registry (credsStore); other registries' credentials\nare those of the fallback in [docker] of the config")
}

// Plan adds authlatch to docker's config.json.
func (t *Tool) Plan(_ context.Context, e configure.Env, args []string) (configure.Plan, error) {
	path, old, current, err := read(e)
	if err != nil {
		return configure.Plan{}, err
	}
	registries, err := t.registries(e, args)
	if err != nil {
		return configure.Plan{}, err
	}
	text := old
	for _, r := range registries {
		if current.CredHelpers[r] == helper {
			continue
		}
		if text, err = setHelper(text, r, helper); err != nil {
			return configure.Plan{}, unreadable(path, err)
		}
	}
	if t.all && current.CredsStore != helper {
		if kept := current.CredsStore; kept != "" && e.File.Docker.Fallback != kept {
			return configure.Plan{}, &configure.Error{
				Code: 2, What: "docker keeps its other credentials with docker-credential-" + kept + ", and authlatch's config does not name it",
				Next: "add to authlatch's config, and run this again: [docker] fallback = \"" + kept + "\"",
			}
		}
		var root object
		if text, root, err = document(text); err != nil {
			return configure.Plan{}, unreadable(path, err)
		}
		text = root.set(text, 1, credsStore, `"`+helper+`"`)
	}
	p := configure.Plan{Notes: t.notes(e, current, registries)}
	if string(text) != string(old) {
		p.Changes = []configure.Change{{Path: path, Old: old, New: text}}
	}
	return p, nil
}

// notes are what a person would stumble over later.
func (t *Tool) notes(e configure.Env, current dockerConfig, registries []string) (notes []string) {
	for _, r := range registries {
		if a := current.Auths[r]; a.Auth != "" || a.IdentityToken != "" {
			notes = append(notes, "docker has kept a credential for "+r+" in its file, which is not used any more; to remove it, run \"docker logout "+r+"\" before this")
		}
	}
	if t.all && e.File.Docker.Fallback == "" {
		for registry, a := range current.Auths {
			if a.Auth != "" && current.CredHelpers[registry] == "" {
				notes = append(notes, "docker has kept credentials of other registries in its file, which credsStore hides; name a fallback in [docker] of authlatch's config and log in to them again")
				break
			}
		}
	}
	if e.ConfigPath != "" {
		notes = append(notes, "docker runs the helper without --config: set AUTHLATCH_CONFIG to "+e.ConfigPath+" where docker runs")
	}
	if path, err := exec.LookPath(program); err != nil || !same(path, beside(e)) {
		notes = append(notes, "docker looks for "+program+" in PATH: add "+e.Bin+" to it")
	}
	return notes
}

// registries are those that are named, else those of the config's rules, each
// proved to be one.
func (t *Tool) registries(e configure.Env, args []string) ([]string, error) {
	var all []string
	for _, arg := range args {
		a, err := config.ParseAddress(arg)
		if err != nil {
			return nil, &configure.Error{Code: 7, What: "the registry is no host", Why: err.Error(), Next: "write it as docker does: contoso.azurecr.io"}
		}
		m, ok := service.Find(e.File, a, service.Registry)
		if !ok {
			return nil, &configure.Error{
				Code: 7, What: a.HostPort() + " is not known to be an Azure Container Registry",
				Next: "if it is one, add a [[rule]] with host = \"" + a.HostPort() + "\" and scope = \"https://containerregistry.azure.net/.default\"",
			}
		}
		if err := checkProfile(e, a, m); err != nil {
			return nil, err
		}
		all = append(all, a.HostPort())
	}
	if len(args) > 0 {
		return all, nil
	}
	for _, r := range e.File.Rules {
		if strings.HasPrefix(r.Host, "*") || strings.Contains(r.Host, "/") {
			continue
		}
		a, err := config.ParseAddress(r.Host)
		if err != nil {
			continue
		}
		if _, ok := service.Find(e.File, a, service.Registry); ok {
			all = append(all, a.HostPort())
		}
	}
	if len(all) == 0 && !t.all {
		return nil, &configure.Error{Code: 2, What: "no registry is named, and no rule of the config names one", Next: "run: authlatch configure docker contoso.azurecr.io"}
	}
	return all, nil
}

// checkProfile says how docker gets to use a profile: it cannot name one.
func checkProfile(e configure.Env, a config.Address, m service.Match) error {
	s, err := config.Resolve(e.File, config.Flags{Profile: m.Profile}, e.Getenv)
	if err != nil {
		return err
	}
	if e.Profile != "" && s.Profile != e.Profile {
		return &configure.Error{
			Code: 2, What: "for " + a.HostPort() + " the config means profile " + s.Profile + ", not " + e.Profile,
			Next: "add a [[rule]] with host = \"" + a.HostPort() + "\" and profile = \"" + e.Profile + "\"",
		}
	}
	return m.Check(s)
}

// Undo takes authlatch out of a config.json that docker has changed since.
func (*Tool) Undo(_ string, before, now []byte) ([]byte, error) { return undo(before, now) }

// read reads docker's config.json; none is an empty one.
func read(e configure.Env) (path string, text []byte, c dockerConfig, err error) {
	dir := e.Getenv("DOCKER_CONFIG")
	if dir == "" {
		if e.Home == "" {
			return "", nil, c, &configure.Error{Code: 2, What: "there is no home directory, and so no docker config", Next: "set HOME or DOCKER_CONFIG"}
		}
		dir = filepath.Join(e.Home, ".docker")
	}
	if path, err = filepath.Abs(filepath.Join(dir, "config.json")); err != nil {
		return "", nil, c, err
	}
	text, err = os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, nil, c, nil
	}
	if err != nil {
		return path, nil, c, &configure.Error{Code: 1, What: "docker's config cannot be read", Why: err.Error(), Err: err}
	}
	if c, err = decode(text); err != nil {
		return path, nil, c, unreadable(path, err)
	}
	return path, text, c, nil
}

func unreadable(path string, err error) error {
	return &configure.Error{Code: 2, What: path + " " + err.Error(), Next: "correct it; docker itself refuses or misreads it", Err: err}
}

// beside is the helper of this installation.
func beside(e configure.Env) string {
	name := program
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(e.Bin, name)
}

// same says whether two paths lead to one file.
func same(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}
