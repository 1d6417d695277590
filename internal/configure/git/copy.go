package git

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/authlatch/authlatch/internal/configure"
)

// A workingCopy is a copy of a git config, in a directory of its own, that git
// edits: so it keeps comments, order and layout as git does.
type workingCopy struct {
	ctx  context.Context
	git  string
	dir  string
	path string // of the original, for messages
}

func newCopy(ctx context.Context, path string, text []byte) (*workingCopy, error) {
	git, err := exec.LookPath("git")
	if err != nil {
		return nil, &configure.Error{Code: 1, What: "git is not in PATH", Next: "install git", Err: err}
	}
	dir, err := os.MkdirTemp("", "authlatch-git-")
	if err != nil {
		return nil, &configure.Error{Code: 1, What: "cannot make a directory for a copy of git's config", Why: err.Error(), Next: "set TMPDIR", Err: err}
	}
	c := &workingCopy{ctx: ctx, git: git, dir: dir, path: path}
	if err := os.WriteFile(c.file(), text, 0o600); err != nil {
		c.remove()
		return nil, err
	}
	if _, err := c.config("--list"); err != nil {
		c.remove()
		return nil, err
	}
	return c, nil
}

func (c *workingCopy) file() string { return filepath.Join(c.dir, "config") }

func (c *workingCopy) text() ([]byte, error) { return os.ReadFile(c.file()) }

func (c *workingCopy) remove() { _ = os.RemoveAll(c.dir) } // a copy in a temporary directory

// Exit codes of git config: nothing was found, and nothing was there to unset.
const (
	exitNotFound = 1
	exitNotSet   = 5
)

// config runs git config on the copy, with nobody else's settings.
func (c *workingCopy) config(args ...string) ([]byte, error) {
	cmd := exec.CommandContext(c.ctx, c.git, append([]string{"config", "--file", "config", "--no-includes"}, args...)...)
	cmd.Dir = c.dir
	cmd.Env = []string{"HOME=" + c.dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "LC_ALL=C"}
	for _, name := range []string{"PATH", "SystemRoot"} {
		if v, ok := os.LookupEnv(name); ok {
			cmd.Env = append(cmd.Env, name+"="+v)
		}
	}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && errs.Len() == 0 && (exit.ExitCode() == exitNotFound || exit.ExitCode() == exitNotSet) {
		return nil, nil
	}
	if err != nil {
		return nil, &configure.Error{Code: 1, What: "git cannot edit its config " + c.path, Why: strings.TrimSpace(errs.String()), Next: "run: git config --global --list", Err: err}
	}
	return out, nil
}

// all are the values of a key, in their order.
func (c *workingCopy) all(key string) []string {
	out, err := c.config("--null", "--get-all", key)
	if err != nil || len(out) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

// replace gives a key these values and no others.
func (c *workingCopy) replace(key string, values []string) error {
	if slices.Equal(c.all(key), values) {
		return nil
	}
	if _, err := c.config("--unset-all", key); err != nil {
		return err
	}
	for _, v := range values {
		if _, err := c.config("--add", key, v); err != nil {
			return err
		}
	}
	return nil
}

// set makes command the only helper for an address: the empty value before it
// takes back all that other sections and files name, which would be given the
// token to store. replaced are the helpers that were there before.
func (c *workingCopy) set(url, command string) (replaced []string, err error) {
	section := "credential." + url
	for _, v := range c.all(section + ".helper") {
		if v != "" && !strings.Contains(v, program) {
			replaced = append(replaced, v)
		}
	}
	if err := c.replace(section+".helper", []string{"", command}); err != nil {
		return nil, err
	}
	if values := c.all(section + ".useHttpPath"); len(values) > 0 && values[len(values)-1] == "true" {
		return replaced, nil
	}
	return replaced, c.replace(section+".useHttpPath", []string{"true"})
}

// ours are the addresses for which authlatch is a helper.
func (c *workingCopy) ours() (urls []string, err error) {
	out, err := c.config("--null", "--get-regexp", `^credential\..*\.helper$`)
	for entry := range strings.SplitSeq(string(out), "\x00") {
		key, value, _ := strings.Cut(entry, "\n")
		url := strings.TrimSuffix(strings.TrimPrefix(key, "credential."), ".helper")
		if strings.Contains(value, program) && !slices.Contains(urls, url) {
			urls = append(urls, url)
		}
	}
	return urls, err
}
