package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/registry"
	"github.com/authlatch/authlatch/internal/sanitize"
)

func newFlowCmd(a *app) *cobra.Command {
	c := &cobra.Command{Use: "flow", Short: "Show the ways to sign in, and choose which may run"}
	c.AddCommand(newFlowListCmd(a), newFlowDescribeCmd(a), newFlowTrustCmd(a), newFlowUntrustCmd(a))
	return c
}

// foundFlow is one of flow list -o json.
type foundFlow struct {
	Name    string `json:"name"`
	Path    string `json:"path"`
	Trusted bool   `json:"trusted"`
	// Reason says why it is not trusted.
	Reason string `json:"reason,omitempty"`
	Source string `json:"source"`
	// SHA256 is of what is there, Pinned what was trusted; not of the installation.
	SHA256 string `json:"sha256,omitempty"`
	Pinned string `json:"trusted_sha256,omitempty"`
}

func newFlowListCmd(a *app) *cobra.Command {
	var output string
	c := &cobra.Command{
		Use:   "list",
		Short: "List the flows that were found; none is run",
		RunE: func(c *cobra.Command, _ []string) error {
			all, err := a.foundFlows(c.Context())
			if err != nil {
				return err
			}
			var below []string // sums are too wide for a table
			rows := make([][]string, len(all))
			for i, f := range all {
				trusted := "yes"
				if !f.Trusted {
					trusted = "no: " + f.Reason
					if sums := (&registry.NotTrustedError{Want: f.Pinned, Got: f.SHA256}).Sums(); sums != "" {
						below = append(below, f.Name+": "+sums)
					}
				}
				rows[i] = []string{f.Name, trusted, f.Source, f.Path}
			}
			switch {
			case output == formatJSON:
				return a.printJSON(all)
			case len(rows) == 0:
				a.say("no flow was found; a flow is a file authlatch-flow-NAME beside authlatch")
				return nil
			}
			if err := a.printTable([]string{"NAME", "TRUSTED", "SOURCE", "PATH"}, rows); err != nil || below == nil {
				return err
			}
			_, err = fmt.Fprintf(&a.out, "\n%s\n", strings.Join(below, "\n"))
			return err
		},
	}
	addOutputFlag(c, &output)
	return c
}

// foundFlows lists the flows without running any.
func (a *app) foundFlows(ctx context.Context) ([]foundFlow, error) {
	flows, err := a.registry()
	if err != nil {
		return nil, err
	}
	found, err := flows.List(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]foundFlow, len(found))
	for i, e := range found {
		all[i] = foundFlow{Name: e.Name, Path: e.Path, Trusted: e.Trusted, Reason: e.Reason, Source: string(e.Source), SHA256: e.SHA256, Pinned: e.Pinned}
	}
	return all, nil
}

// describedFlow is what flow describe -o json prints.
type describedFlow struct {
	Name     string            `json:"name"`
	Version  string            `json:"version"`
	Path     string            `json:"path"`
	Features []string          `json:"features"`
	Options  []describedOption `json:"options"`
}

type describedOption struct {
	Name     string `json:"name"`
	Kind     string `json:"kind"`
	Required bool   `json:"required"`
	Secret   bool   `json:"secret"`
	Help     string `json:"help,omitempty"`
	Default  string `json:"default,omitempty"`
}

func newFlowDescribeCmd(a *app) *cobra.Command {
	var output string
	c := &cobra.Command{
		Use:   "describe FLOW",
		Short: "Tell what a flow is and which options it takes; it is run to be asked",
		Args:  oneFlow("describe", "flow's name"),
		ValidArgsFunction: func(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			return a.flowNames(c), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error { return runFlowDescribe(c, a, args[0], output) },
	}
	addOutputFlag(c, &output)
	return c
}

func runFlowDescribe(c *cobra.Command, a *app, flow, output string) error {
	log, err := a.logger()
	if err != nil {
		return err
	}
	flows, err := a.registry()
	if err != nil {
		return err
	}
	h, err := host.New(host.Config{Registry: flows, Log: log, Now: a.Now})
	if err != nil {
		return err
	}
	defer func() { _ = h.Close() }()
	d, err := h.Describe(c.Context(), flow)
	var hosts *host.Error
	var missing *registry.NotFoundError
	if errors.As(err, &hosts) && errors.As(err, &missing) {
		told := *hosts // whose next step is about a profile, and there is none here
		told.Next = "run: authlatch flow list"
		return &told
	}
	if err != nil {
		return err
	}
	return a.printFlow(d, output)
}

func (a *app) printFlow(d *host.Flow, output string) error {
	options, rows := make([]describedOption, len(d.Options)), make([][]string, len(d.Options))
	for i, o := range d.Options {
		options[i] = describedOption(o)
		kind := o.Kind
		if o.Secret {
			kind += ", secret"
		}
		if o.Required {
			kind += ", required"
		}
		rows[i] = []string{o.Name, kind, o.Default, o.Help}
	}
	if output == formatJSON {
		features := d.Features
		if features == nil {
			features = []string{}
		}
		return a.printJSON(describedFlow{Name: d.Name, Version: d.Version, Path: d.Path, Features: features, Options: options})
	}
	_, err := fmt.Fprintf(&a.out, "%s %s\n%s\nfeatures: %s\n", d.Name, sanitize.Line(d.Version, maxLine), d.Path, strings.Join(d.Features, ", "))
	if err != nil || len(rows) == 0 {
		return err
	}
	if _, err := fmt.Fprintln(&a.out); err != nil {
		return err
	}
	return a.printTable([]string{"OPTION", "KIND", "DEFAULT", "HELP"}, rows)
}

// checkFlow refuses the name of a flow that is not here, before anything else is
// made of it. "" is none.
func (a *app) checkFlow(ctx context.Context, name string) error {
	if name == "" {
		return nil
	}
	found, err := a.foundFlows(ctx)
	if err != nil {
		return err
	}
	names := make([]string, len(found))
	for i, f := range found {
		names[i] = f.Name
	}
	if slices.Contains(names, name) {
		return nil
	}
	next := "no flow was found; run: authlatch flow list"
	if len(names) > 0 {
		next = "known are " + strings.Join(names, ", ")
	}
	if s := nearest(name, names); s != "" {
		next = "did you mean " + quoted(s) + "? " + next
	}
	return usage("--flow", "there is no flow "+quoted(name), next)
}

// flowNames are for completion, where an error has nobody to hear it.
func (a *app) flowNames(c *cobra.Command) []string {
	found, _ := a.foundFlows(c.Context())
	names := make([]string, len(found))
	for i, f := range found {
		names[i] = f.Name
	}
	return names
}
