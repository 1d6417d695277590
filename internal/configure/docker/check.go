package docker

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/authlatch/authlatch/helper/exchange"
	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/service"
	"github.com/authlatch/authlatch/internal/configure"
)

// Check gets a credential for each registry as docker does: what config.json names,
// found in PATH, with the registry on its stdin.
func (t *Tool) Check(ctx context.Context, e configure.Env, args []string) error {
	path, _, current, err := read(e)
	if err != nil {
		return err
	}
	registries, err := t.checked(e, current, args)
	if err != nil {
		return err
	}
	found, err := exec.LookPath(program)
	if err != nil || !same(found, beside(e)) {
		why := ""
		if err == nil {
			why = "the first is " + found
		}
		return &configure.Error{Code: 1, What: "docker would not find this installation's " + program + " in PATH", Why: why, Next: "put " + e.Bin + " into PATH, before others"}
	}
	for _, r := range registries {
		if current.CredHelpers[r] != helper && (current.CredHelpers[r] != "" || current.CredsStore != helper) {
			return &configure.Error{Code: 1, What: path + " does not name authlatch for " + r, Next: "run: authlatch configure docker " + r}
		}
		if err := get(ctx, e, found, r); err != nil {
			return err
		}
	}
	return nil
}

// checked are the registries that are named, else all for which docker asks
// authlatch by name, and those of the rules.
func (t *Tool) checked(e configure.Env, current dockerConfig, args []string) ([]string, error) {
	if len(args) > 0 {
		return t.registries(e, args)
	}
	all, err := (&Tool{all: true}).registries(e, nil)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(r string) bool { return current.CredHelpers[r] != helper && current.CredsStore != helper })
	for r, name := range current.CredHelpers {
		if name == helper && !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	if len(all) == 0 && current.CredsStore != helper {
		return nil, &configure.Error{Code: 1, What: "docker asks authlatch for no registry", Next: "run: authlatch configure docker contoso.azurecr.io"}
	}
	slices.Sort(all)
	return all, nil
}

// get asks for one registry, and once more when a person has signed in.
func get(ctx context.Context, e configure.Env, path, registry string) error {
	ok, told := ask(ctx, path, registry)
	if !ok && e.Interactive {
		if err := signIn(ctx, e, registry); err != nil {
			return err
		}
		ok, told = ask(ctx, path, registry)
	}
	if ok {
		return nil
	}
	what, rest, _ := strings.Cut(strings.TrimSpace(told), "\n")
	_, next, _ := strings.Cut(rest, "run: ")
	if next != "" {
		next = "run: " + strings.TrimSpace(next)
	}
	return &configure.Error{Code: 3, What: "docker gets no credential for " + registry, Why: strings.TrimPrefix(what, "authlatch: "), Next: next}
}

// ask runs the helper, and says whether it gave a credential and what it told.
func ask(ctx context.Context, path, registry string) (ok bool, told string) {
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, path, "get")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(registry), &out, &errs
	var credential struct{ Username, Secret string }
	ok = cmd.Run() == nil && json.Unmarshal(out.Bytes(), &credential) == nil && credential.Username != "" && credential.Secret != ""
	return ok, errs.String()
}

// signIn has authlatch get the credential and ask the person, who is at a terminal,
// which the helper does only if the config lets it.
func signIn(ctx context.Context, e configure.Env, registry string) error {
	a, err := config.ParseAddress(registry)
	if err != nil {
		return err
	}
	m, ok := service.Find(e.File, a, service.Registry)
	if !ok {
		return &configure.Error{Code: 7, What: registry + " is not known to be an Azure Container Registry", Next: "run: authlatch configure docker --undo"}
	}
	s, err := config.Resolve(e.File, config.Flags{Profile: m.Profile}, e.Getenv)
	if err != nil {
		return err
	}
	scopes, err := s.Scopes([]string{m.Scope}, "")
	if err != nil {
		return err
	}
	var request bytes.Buffer
	if err := exchange.WriteRequest(&request, exchange.Request{Client: "docker", Profile: m.Profile, Scopes: scopes, Registry: m.Registry}); err != nil {
		return err
	}
	name := "authlatch"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	cmd := exec.CommandContext(ctx, filepath.Join(e.Bin, name), exchange.Command)
	// Its answer is kept in the store, and needed nowhere else.
	cmd.Env, cmd.Stdin, cmd.Stderr = os.Environ(), &request, e.Stderr
	if err := cmd.Run(); err != nil {
		return &configure.Error{Code: 3, What: "the sign-in for " + registry + " did not succeed", Next: "run: authlatch configure docker --check " + registry, Err: err}
	}
	return nil
}
