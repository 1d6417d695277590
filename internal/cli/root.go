package cli

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/authlatch/authlatch/internal/version"
)

// globalFlags are understood by every command.
type globalFlags struct {
	config      string
	errorFormat string
	logLevel    string
	noColor     bool
}

const environment = `Environment:
  AUTHLATCH_CONFIG      config file
  AUTHLATCH_PROFILE     profile
  AUTHLATCH_STORE_DIR   where tokens are kept
  AUTHLATCH_STORE_KEY   who keeps their key: auto, file, memory or a keyring's name
  AUTHLATCH_LOG         log level: debug, info, warn, error or off
  NO_COLOR              no colors, as --no-color

Exit codes:
  0 done   1 failed   2 bad flag, input or config   3 a person is needed
  4 declined or expired   5 the identity provider cannot be reached
  6 a flow failed   7 refused by policy   8 the identity provider refused
`

func newRootCmd(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "authlatch",
		Short: "Get Microsoft Entra ID tokens for a user",
		Long: "authlatch signs a user in at Microsoft Entra ID and hands access tokens to the\n" +
			"tools that need one.\n\n" + environment,
		Version:           version.String(),
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRun:  func(c *cobra.Command, _ []string) { a.command = c.CommandPath() },
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: false},
	}
	flags := root.PersistentFlags()
	flags.SortFlags = false
	filledVar(flags, &a.global.config, "config", "", "`file` with the profiles (AUTHLATCH_CONFIG)")
	choiceVar(flags, &a.global.errorFormat, "error-format", "", formatText, "`format` of errors: text or json", formatText, formatJSON)
	choiceVar(flags, &a.global.logLevel, "log-level", "", "", "`level` of the log on stderr: debug, info, warn, error or off (AUTHLATCH_LOG)", levels...)
	flags.BoolVar(&a.global.noColor, "no-color", false, "no colors in prompts")
	root.SetFlagErrorFunc(flagError)
	root.SetVersionTemplate("authlatch {{.Version}}\n")

	root.AddCommand(
		newLoginCmd(a), newTokenCmd(a), newLogoutCmd(a), newAccountsCmd(a), newStatusCmd(a),
		newConfigureCmd(a), newFlowCmd(a), newStoreCmd(a), newConfigCmd(a), newVersionCmd(a), newHelperTokenCmd(a), newHelperRenewCmd(a),
	)
	// A command that only groups others runs to refuse what it does not know; it
	// is no usage of its own.
	root.SetUsageTemplate(strings.Replace(root.UsageTemplate(), "{{if .Runnable}}", "{{if and .Runnable (not .HasAvailableSubCommands)}}", 1))
	root.SetOut(&a.out) // before the completion command, which remembers it
	root.InitDefaultCompletionCmd()
	root.SetHelpCommand(newHelpCmd(root))
	strict(root)
	return root
}

// strict makes a command refuse what it does not know, in this program's words,
// where cobra would print its usage or go on.
func strict(c *cobra.Command) {
	c.DisableFlagsInUseLine = true
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if v, ok := f.Value.(choice); ok {
			complete(c, f.Name, func() []string { return v.values })
		}
	})
	for _, sub := range c.Commands() {
		strict(sub)
	}
	if c.Runnable() {
		if c.Args == nil || c.Parent() != nil && c.Parent().Name() == "completion" {
			c.Args = noArgs
		}
		return
	}
	c.Args = cobra.ArbitraryArgs
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return c.Help()
		}
		return unknownCommand(c, args[0])
	}
}

// unquoteUsage takes from the flags' help the back-ticks that name their values:
// completion shows the help as it stands.
func unquoteUsage(c *cobra.Command) {
	plain := func(f *pflag.Flag) { f.Usage = strings.ReplaceAll(f.Usage, "`", "") }
	c.LocalFlags().VisitAll(plain)
	for _, sub := range c.Commands() {
		unquoteUsage(sub)
	}
}

func newHelpCmd(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Explain a command",
		Args:  cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			c, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				if c == nil {
					c = root
				}
				return unknownCommand(c, append(rest, args...)[0])
			}
			c.InitDefaultHelpFlag()
			return c.Help()
		},
	}
}

func unknownCommand(c *cobra.Command, name string) error {
	next := "run: " + c.CommandPath() + " --help"
	if s := similarCommand(c, name); s != "" {
		next = "did you mean: " + c.CommandPath() + " " + s
	}
	return usage("", "there is no command "+quoted(name), next)
}

// similarCommand is the one subcommand that name is a slip of; "" if there is none.
func similarCommand(c *cobra.Command, name string) string {
	var names []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	return nearest(name, names)
}

// nearest is the one of known that name is a slip of: at most two letters, and less
// than half of them, are other; "" if there is none.
func nearest(name string, known []string) string {
	found, fewest := "", 3
	for _, k := range known {
		d := distance(strings.ToLower(name), k)
		if d < fewest && 2*d < min(len(name), len(k)) {
			found, fewest = k, d
		}
	}
	return found
}

// distance is Levenshtein's, in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			other := diagonal
			if a[i] != b[j] {
				other++
			}
			diagonal = row[j+1]
			row[j+1] = min(other, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

func noArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage("", strings.TrimPrefix(c.CommandPath(), c.Root().Name()+" ")+" takes no argument besides its flags, but got "+quoted(args[0]), "run: "+c.CommandPath()+" --help")
	}
	return nil
}
