package cli

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/registry"
)

type trustOptions struct {
	what   string // a name or a path
	sha256 string
}

func newFlowTrustCmd(a *app) *cobra.Command {
	var o trustOptions
	c := &cobra.Command{
		Use:   "trust FLOW|PATH [--sha256 SUM]",
		Short: "Let a flow run that does not belong to the installation",
		Long: "Show a flow that does not belong to the installation, and ask whether exactly\n" +
			"this content of it may run. Nothing of it is run for that. FLOW is its name below\n" +
			"your data directory; PATH, with a slash in it, is an executable authlatch-flow-NAME\n" +
			"or a directory with a flow.toml, wherever it is.\n\n" +
			"Where nobody can be asked, --sha256 answers: name the sum that its author gives,\n" +
			"of the executable or of flow.toml. Any other content is refused.",
		Example: "  authlatch flow trust corp\n" +
			"  authlatch flow trust ./authlatch-flow-corp\n" +
			"  authlatch flow trust corp --sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		Args:              oneFlow("trust", "flow's name or path"),
		ValidArgsFunction: a.completeFlow,
		RunE: func(c *cobra.Command, args []string) error {
			o.what = args[0]
			return runFlowTrust(c.Context(), a, &o)
		},
	}
	filledVar(c.Flags(), &o.sha256, "sha256", "", "trust it without asking if this is its `sum`")
	return c
}

var sumSyntax = regexp.MustCompile(`^[0-9a-f]{64}$`)

func runFlowTrust(ctx context.Context, a *app, o *trustOptions) error {
	sum := strings.ToLower(o.sha256)
	if sum != "" && !sumSyntax.MatchString(sum) {
		return usage("--sha256", "is not 64 hexadecimal digits", "give the sum as sha256sum prints it")
	}
	flows, err := a.registry()
	if err != nil {
		return err
	}
	c, err := flows.Examine(ctx, o.what)
	switch {
	case errors.Is(err, registry.ErrInstallation):
		return usage("", err.Error(), "run: authlatch flow list")
	case err != nil:
		return err
	case sum != "" && sum != c.SHA256:
		return &problem{
			Code: int(host.ExitPlugin), Flow: c.Name, What: "flow " + c.Name + " is not what --sha256 says: " + c.Path,
			Why: "it has sha256 " + c.SHA256 + ", not " + sum, Next: "do not run it; get it again from where you have the sum",
		}
	case sum == "":
		if err := a.askTrust(ctx, c, o.what); err != nil {
			return err
		}
	}
	if err := flows.Trust(ctx, c, a.Now()); err != nil {
		return err
	}
	a.say("flow %s is trusted with sha256 %s", c.Name, c.SHA256)
	return nil
}

// askTrust shows c to the person and asks. It returns nil if they say yes.
func (a *app) askTrust(ctx context.Context, c *registry.Candidate, what string) error {
	p, closeTerminal, err := a.prompter()
	if err != nil {
		return err
	}
	defer closeTerminal()
	if p == nil {
		return &problem{
			Code: int(host.ExitInteraction), Flow: c.Name, What: "nobody can be asked here whether to trust flow " + c.Name,
			Why:  c.Path + " has sha256 " + c.SHA256,
			Next: "compare that with what its author says, and run: authlatch flow trust " + what + " --sha256 SUM",
		}
	}
	ask := func(k host.Kind) (host.Answer, error) {
		return p.Prompt(ctx, host.Interaction{Flow: c.Name, Kind: k, Cancel: func() {}})
	}
	for _, line := range candidateLines(c) {
		if _, err := ask(host.Notice{Message: line}); err != nil {
			return err
		}
	}
	answer, err := ask(host.Confirm{Message: "Trust flow " + c.Name + " with exactly this content?"})
	switch {
	case errors.Is(err, host.ErrCancelled):
		return errCancelled
	case err != nil:
		return err
	case answer.Outcome != host.Done:
		return &problem{Code: int(host.ExitDeclined), Flow: c.Name, What: "flow " + c.Name + " was not trusted"}
	}
	return nil
}

// candidateLines are what a person should know before they say yes.
func candidateLines(c *registry.Candidate) []string {
	lines := []string{"path: " + c.Path}
	if c.Owner != "" {
		lines = append(lines, fmt.Sprintf("owner: %s, mode %04o", c.Owner, c.Mode.Perm()))
	}
	lines = append(lines, fmt.Sprintf("size: %d bytes", c.Size), "sha256: "+c.SHA256)
	switch c.Pinned {
	case "":
	case c.SHA256:
		lines = append(lines, "this content is trusted already")
	default:
		lines = append(lines, "trusted until now: sha256 "+c.Pinned)
	}
	if m := c.Manifest; m != nil {
		files := "files"
		if len(m.Files) == 1 {
			files = "file"
		}
		lines = append(lines, fmt.Sprintf("version %s, of %d %s", orDash(m.Version), len(m.Files), files))
		command := m.Command
		if i := m.Interpreter; i != nil {
			command = strings.Join(append(append([]string{i.Path}, i.Args...), m.Command), " ")
			lines = append(lines, "interpreter's sha256: "+i.SHA256)
		}
		lines = append(lines, "runs: "+command, "features: "+orDash(strings.Join(m.Features, ", ")))
		for _, o := range m.Options {
			kind := o.Kind
			if o.Required {
				kind += ", required"
			}
			if o.Secret {
				kind += ", secret"
			}
			lines = append(lines, fmt.Sprintf("option %s (%s) %s", o.Name, kind, o.Help))
		}
	}
	return append(lines, "It will get what you answer it, and refresh tokens for whoever signs in with it.")
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func newFlowUntrustCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "untrust FLOW",
		Short:             "Take a flow's trust back; its file stays",
		Args:              oneFlow("untrust", "flow's name"),
		ValidArgsFunction: a.completeFlow,
		RunE: func(c *cobra.Command, args []string) error {
			flows, err := a.registry()
			if err != nil {
				return err
			}
			switch err := flows.Untrust(c.Context(), args[0]); {
			case errors.Is(err, registry.ErrInstallation):
				return usage("", err.Error(), "to be rid of it, uninstall it")
			case err != nil:
				return err
			}
			a.say("flow %s is not trusted", args[0])
			return nil
		},
	}
}

// oneFlow refuses anything but one argument.
func oneFlow(command, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 || args[0] == "" {
			return usage("", "flow "+command+" takes one "+what, "run: authlatch flow list")
		}
		return nil
	}
}

func (a *app) completeFlow(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.flowNames(c), cobra.ShellCompDirectiveDefault
}
