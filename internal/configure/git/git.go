// Package git makes git ask authlatch for the credentials of Azure DevOps and of
// the git servers that the config's rules name: it edits the user's own git
// config, and has git itself do so, on a copy. Package cli has it in its list of
// tools.
package git

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/pflag"

	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/internal/configure"
)

// Tool is "authlatch configure git". The zero value is ready for use.
type Tool struct{}

// program is the helper that git runs.
const program = "git-credential-authlatch"

// Name is the command's.
func (*Tool) Name() string { return "git" }

// Use is the command's arguments.
func (*Tool) Use() string { return "[ORGANISATION|HOST]..." }

// Short is a line for lists.
func (*Tool) Short() string { return "Give git tokens for Azure DevOps" }

// Long says what is changed.
func (*Tool) Long() string {
	return "Give git tokens for Azure DevOps: for all of it, or for each ORGANISATION with\n" +
		"a profile of its own (-p), or for the HOST of another git server that a rule of\n" +
		"the config names. Your git config gets authlatch as the only credential helper\n" +
		"for these addresses; for all others it stays as it is."
}

// Example has lines to type.
func (*Tool) Example() string {
	return "  authlatch configure git\n" +
		"  authlatch configure git -p fabrikam fabrikam\n" +
		"  authlatch configure git --check fabrikam\n" +
		"  authlatch configure git --undo"
}

// Flags has none.
func (*Tool) Flags(*pflag.FlagSet) {}

// Plan adds authlatch to the git config.
func (*Tool) Plan(ctx context.Context, e configure.Env, args []string) (configure.Plan, error) {
	targets, err := targetsOf(e, args)
	if err != nil {
		return configure.Plan{}, err
	}
	command, err := command(e)
	if err != nil {
		return configure.Plan{}, err
	}
	path, old, err := read(e)
	if err != nil {
		return configure.Plan{}, err
	}
	c, err := newCopy(ctx, path, old)
	if err != nil {
		return configure.Plan{}, err
	}
	defer c.remove()
	var plan configure.Plan
	for _, t := range targets {
		replaced, err := c.set(t.url, command)
		if err != nil {
			return configure.Plan{}, err
		}
		if len(replaced) > 0 {
			plan.Notes = append(plan.Notes, "for "+t.url+" git no longer asks "+strings.Join(replaced, ", "))
		}
	}
	text, err := c.text()
	if err != nil {
		return configure.Plan{}, err
	}
	if string(text) != string(old) {
		plan.Changes = []configure.Change{{Path: path, Old: old, New: text, Mode: 0o644, Lock: path + ".lock"}}
	}
	return plan, nil
}

// Undo takes authlatch out of a git config that has been changed since, and puts
// back what it was before for the same addresses.
func (*Tool) Undo(path string, before, now []byte) ([]byte, error) {
	ctx := context.Background() // git works on a small copy, and asks nobody
	was, err := newCopy(ctx, path, before)
	if err != nil {
		return nil, err
	}
	defer was.remove()
	is, err := newCopy(ctx, path, now)
	if err != nil {
		return nil, err
	}
	defer is.remove()
	urls, err := is.ours()
	if err != nil {
		return nil, err
	}
	for _, url := range urls {
		for _, key := range []string{"helper", "useHttpPath"} {
			if err := is.replace("credential."+url+"."+key, was.all("credential."+url+"."+key)); err != nil {
				return nil, err
			}
		}
	}
	text, err := is.text()
	if err == nil && before == nil && strings.TrimSpace(string(text)) == "" {
		text = nil
	}
	return text, err
}

// command is the helper's line in a git config. git gives it to a shell, on
// Windows to its own.
func command(e configure.Env) (string, error) {
	name := program
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	path := filepath.Join(e.Bin, name)
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return "", &configure.Error{Code: 1, What: name + " is not beside authlatch, in " + e.Bin, Next: "install authlatch whole", Err: err}
	}
	words := []string{filepath.ToSlash(path)}
	if e.ConfigPath != "" {
		absolute, err := filepath.Abs(e.ConfigPath)
		if err != nil {
			return "", err
		}
		words = append(words, "--config", filepath.ToSlash(absolute))
	}
	if e.Profile != "" {
		words = append(words, "--profile", e.Profile)
	}
	for i, w := range words {
		words[i] = quote(w)
	}
	return strings.Join(words, " "), nil
}

// plain needs no quoting in a shell.
const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-:@"

// quote makes one word of a shell's. It begins with what it stands for: git knows
// an absolute path by its first character.
func quote(word string) string {
	var b strings.Builder
	for _, r := range word {
		if r < 0x80 && !strings.ContainsRune(plain, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// read finds the user's git config as git finds the one that it writes, and reads
// it; nil is that there is none.
func read(e configure.Env) (path string, text []byte, err error) {
	candidates := []string{e.Getenv("GIT_CONFIG_GLOBAL")}
	if candidates[0] == "" {
		if e.Home == "" {
			return "", nil, &configure.Error{Code: 2, What: "there is no home directory, where git's config is", Next: "set HOME"}
		}
		xdg := e.Getenv("XDG_CONFIG_HOME")
		if xdg == "" {
			xdg = filepath.Join(e.Home, ".config")
		}
		candidates = []string{filepath.Join(e.Home, ".gitconfig"), filepath.Join(xdg, "git", "config")}
	}
	for _, candidate := range candidates {
		if candidate, err = filepath.Abs(candidate); err != nil {
			return "", nil, err
		}
		text, err = os.ReadFile(candidate)
		switch {
		case err == nil:
			return candidate, text, nil
		case !errors.Is(err, fs.ErrNotExist):
			return "", nil, &configure.Error{Code: 1, What: "cannot read git's config " + candidate, Why: err.Error(), Next: "let it be a file that you can read", Err: err}
		}
	}
	path, err = filepath.Abs(candidates[0])
	return path, nil, err
}

// target is an address that git is to ask authlatch for.
type target struct {
	url     string // as a section of git's config names it
	address config.Address
}
