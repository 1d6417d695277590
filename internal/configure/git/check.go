package git

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"

	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/internal/configure"
)

// Check has git fill in a credential for each address, through all of its config.
func (*Tool) Check(ctx context.Context, e configure.Env, args []string) error {
	targets, err := targetsOf(e, args)
	if err != nil {
		return err
	}
	git, err := exec.LookPath("git")
	if err != nil {
		return &configure.Error{Code: 1, What: "git is not in PATH", Next: "install git", Err: err}
	}
	again := "run: " + strings.TrimSpace("authlatch configure git "+strings.Join(args, " "))
	for _, t := range targets {
		if t.address.Host == "" {
			continue // a pattern
		}
		helper, err := output(ctx, e, git, "", "config", "--get-urlmatch", "credential.helper", t.url)
		if helper = strings.TrimSpace(helper); err != nil || !strings.Contains(helper, program) {
			why := "it asks no helper"
			if helper != "" {
				why = "it asks " + helper
			}
			return &configure.Error{Code: 1, What: "git does not ask authlatch for " + t.url, Why: why, Next: again}
		}
		filled, err := output(ctx, e, git, request(t.address), "credential", "fill")
		if err != nil || !hasPassword(filled) {
			return &configure.Error{Code: 1, What: "git gets no credential for " + t.url, Why: "its helper is " + helper, Next: "see what the helper has said above; then run: " + strings.TrimSpace("authlatch configure git --check "+strings.Join(args, " ")), Err: err}
		}
	}
	return nil
}

func request(a config.Address) string {
	text := "protocol=https\nhost=" + a.HostPort() + "\n"
	if a.Path != "" {
		text += "path=" + a.Path + "\n"
	}
	return text + "\n"
}

// hasPassword says that a credential has been filled in. It is never shown.
func hasPassword(filled string) bool {
	for line := range strings.Lines(filled) {
		if value, ok := strings.CutPrefix(line, "password="); ok && strings.TrimSpace(value) != "" {
			return true
		}
	}
	return false
}

// output runs git away from any repository. git itself asks nobody: what it would
// ask is answered with nothing. The helper asks if a person may be asked.
func output(ctx context.Context, e configure.Env, git, stdin string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, git, args...)
	cmd.Env = append(os.Environ(), "GIT_ASKPASS=true", "GIT_CEILING_DIRECTORIES="+e.Bin)
	if !e.Interactive {
		cmd.Env = append(cmd.Env, "GIT_TERMINAL_PROMPT=0")
	}
	cmd.Dir = e.Bin
	var out bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, e.Stderr
	err := cmd.Run()
	return out.String(), err
}
