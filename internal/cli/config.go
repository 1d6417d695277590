package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/authlatch/authlatch/host/config"
)

// configReference is where each setting is explained.
const configReference = "Every key and variable, with its default:\n" + configPage

const configPage = "https://github.com/authlatch/authlatch/blob/main/docs/config.md"

func newConfigCmd(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "config", Short: "Show the settings and where they come from",
		Long: "Show the settings and where they come from.\n\n" + configReference,
	}
	c.AddCommand(newConfigExplainCmd(a), newConfigPathCmd(a))
	return c
}

func newConfigExplainCmd(a *app) *cobra.Command {
	var profile, output string
	c := &cobra.Command{
		Use:   "explain [-p PROFILE]",
		Short: "Print each effective setting and where it came from",
		Long: "Print each effective setting and where it came from. For each by itself a flag wins\n" +
			"over an AUTHLATCH_* variable, that over the profile, that over an AZURE_* variable,\n" +
			"and that over the default.\n\n" + configReference,
		RunE: func(*cobra.Command, []string) error {
			settings, err := a.settings(config.Flags{Profile: profile})
			if err != nil {
				return err
			}
			all := make([]explained, 0, 16)
			for _, e := range settings.Explain() {
				one := explained{Explained: e}
				if e.Key == "store.key" && e.Value == "auto" {
					one.Means, err = a.autoKeeper(settings.Store)
					if err != nil {
						return err
					}
				}
				all = append(all, one)
			}
			if output == formatJSON {
				return a.printJSON(all)
			}
			return a.printExplained(all)
		},
	}
	addProfileFlag(a, c, &profile)
	addOutputFlag(c, &output)
	return c
}

func newConfigPathCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "path",
		Short: "Print the config file's path, whether it exists or not",
		Long:  "Print the config file's path, whether it exists or not.\n\n" + configReference,
		RunE: func(*cobra.Command, []string) error {
			path := config.DefaultPath(a.env)
			if a.global.config != "" {
				path = absolute(a.global.config)
			}
			if path == "" {
				return usage("", "there is no config directory, because there is no home directory", "set AUTHLATCH_CONFIG or use --config")
			}
			_, err := fmt.Fprintln(&a.out, path)
			return err
		},
	}
}
