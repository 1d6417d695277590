package cli

import (
	"context"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/internal/configure"
	"github.com/authlatch/authlatch/internal/configure/docker"
	"github.com/authlatch/authlatch/internal/configure/git"
	"github.com/authlatch/authlatch/internal/configure/kubectl"
)

// configurable are the tools that "authlatch configure" sets up.
func configurable() []configure.Tool {
	return []configure.Tool{
		&docker.Tool{},
		&git.Tool{},
		&kubectl.Tool{},
	}
}

func newConfigureCmd(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "configure",
		Short: "Set up another tool to ask authlatch for its credentials",
		Long: "Set up another tool to ask authlatch for its credentials. What is changed is\n" +
			"shown first; how the files were is kept beside them until --undo.",
	}
	for _, tool := range configurable() {
		c.AddCommand(newConfigureToolCmd(a, tool))
	}
	return c
}

// configureOptions are those of every tool.
type configureOptions struct {
	profile             string
	dryRun, check, undo bool
}

func newConfigureToolCmd(a *app, tool configure.Tool) *cobra.Command {
	o := &configureOptions{}
	use := tool.Name()
	if tool.Use() != "" {
		use += " " + tool.Use()
	}
	c := &cobra.Command{
		Use: use + " [flags]", Short: tool.Short(), Long: tool.Long(), Example: tool.Example(),
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error { return runConfigure(c, a, tool, o, args) },
	}
	flags := c.Flags()
	flags.SortFlags = false
	addProfileFlag(a, c, &o.profile)
	flags.BoolVar(&o.dryRun, "dry-run", false, "show what would be changed, and change nothing")
	flags.BoolVar(&o.check, "check", false, "change nothing; test what is configured")
	flags.BoolVar(&o.undo, "undo", false, "take back what was configured")
	c.MarkFlagsMutuallyExclusive("check", "undo")
	c.MarkFlagsMutuallyExclusive("check", "dry-run")
	tool.Flags(flags)
	return c
}

func runConfigure(c *cobra.Command, a *app, tool configure.Tool, o *configureOptions, args []string) error {
	env, applier, err := a.configureEnv(tool, o)
	if err != nil {
		return err
	}
	ctx := c.Context()
	if o.undo {
		return a.undoConfigure(tool, applier, o.dryRun)
	}
	if o.check {
		return a.checkConfigured(ctx, tool, env, args)
	}
	plan, err := tool.Plan(ctx, env, args)
	if err != nil {
		return err
	}
	if err := a.showPlan(plan); err != nil {
		return err
	}
	if o.dryRun {
		return nil
	}
	if len(plan.Changes) > 0 {
		if err := applier.Apply(plan); err != nil {
			return err
		}
		a.say("changed; to take it back, run: authlatch configure %s --undo", tool.Name())
	}
	return a.checkConfigured(ctx, tool, env, args)
}

// showPlan puts the diff on stdout, and what else is to be said on stderr.
// It is shown before anything is changed, and whatever comes of it.
func (a *app) showPlan(p configure.Plan) error {
	a.out.WriteString(p.Diff())
	if err := a.flush(); err != nil {
		return err
	}
	a.out.Reset()
	if len(p.Changes) == 0 {
		a.say("nothing is to be changed")
	}
	for _, note := range p.Notes {
		a.say("note: %s", note)
	}
	return nil
}

func (a *app) undoConfigure(tool configure.Tool, applier configure.Applier, dryRun bool) error {
	undoer, _ := tool.(configure.Undoer)
	plan, err := applier.PlanUndo(undoer)
	if err != nil {
		return err
	}
	if err := a.showPlan(plan); err != nil {
		return err
	}
	if dryRun {
		return nil
	}
	return applier.Undo(plan)
}

// checkConfigured tests what is configured, and says so.
func (a *app) checkConfigured(ctx context.Context, tool configure.Tool, env configure.Env, args []string) error {
	if err := tool.Check(ctx, env, args); err != nil {
		return err
	}
	a.say("tested: %s gets its credential from authlatch", tool.Name())
	return nil
}

func (a *app) configureEnv(tool configure.Tool, o *configureOptions) (configure.Env, configure.Applier, error) {
	env := configure.Env{
		Getenv: a.env, Home: config.Home(a.env), ConfigPath: a.global.config, Profile: o.profile,
		Interactive: !o.dryRun && a.canAsk(), Stderr: a.Stderr,
	}
	applier := configure.Applier{Tool: tool.Name()}
	state := config.StateDir(a.env)
	if state == "" {
		return env, applier, &problem{Code: int(host.ExitUsage), What: "there is no home directory", Next: "set HOME"}
	}
	applier.Records = filepath.Join(state, "configure")
	exe, err := a.Executable()
	if err == nil {
		exe, err = filepath.EvalSymlinks(exe)
	}
	if err != nil {
		return env, applier, &problem{Code: int(host.ExitOther), What: "it cannot be told where authlatch is installed", Why: err.Error()}
	}
	env.Bin = filepath.Dir(exe)
	if o.undo {
		return env, applier, nil // a config that is broken does not stand in its way
	}
	env.File, err = config.Load(a.global.config, a.env)
	return env, applier, err
}

// canAsk is whether a person is at a terminal.
func (a *app) canAsk() bool {
	p, closeTerminal, err := a.prompter()
	if err != nil {
		return false
	}
	closeTerminal()
	return p != nil
}
