package cli

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/authlatch/authlatch/internal/sanitize"
)

// filled is a flag that, if given, is not empty: an unset variable in a script
// must not quietly mean another profile or tenant.
type filled struct{ target *string }

func filledVar(flags *pflag.FlagSet, target *string, name, short, help string) {
	flags.VarP(filled{target}, name, short, help)
}

func (f filled) Set(v string) error {
	if v == "" {
		return errors.New("must not be empty")
	}
	*f.target = v
	return nil
}
func (f filled) String() string {
	if f.target == nil { // pflag asks the zero value for its default
		return ""
	}
	return *f.target
}
func (filled) Type() string { return "string" }

// list is a flag that may be given several times, never empty.
type list struct{ target *[]string }

func (l list) Set(v string) error {
	if v == "" {
		return errors.New("must not be empty")
	}
	*l.target = append(*l.target, v)
	return nil
}
func (list) String() string { return "" }
func (list) Type() string   { return "string" }

// choice is a flag with few values.
type choice struct {
	target *string
	values []string
}

func choiceVar(flags *pflag.FlagSet, target *string, name, short, fallback, help string, values ...string) {
	*target = fallback
	flags.VarP(choice{target, values}, name, short, help)
}

func (c choice) Set(v string) error {
	if !slices.Contains(c.values, v) {
		last := len(c.values) - 1
		return errors.New("must be " + strings.Join(c.values[:last], ", ") + " or " + c.values[last] + ", not " + quoted(v))
	}
	*c.target = v
	return nil
}
func (c choice) String() string {
	if c.target == nil {
		return ""
	}
	return *c.target
}
func (choice) Type() string { return "string" }

// flagError puts pflag's errors into this program's words. The value that was
// given is repeated of a choice only: another may be a secret in the wrong place.
func flagError(c *cobra.Command, err error) error {
	next := "run: " + c.CommandPath() + " --help"
	var (
		invalid  *pflag.InvalidValueError
		unknown  *pflag.NotExistError
		required *pflag.ValueRequiredError
		own      *problem
	)
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &invalid):
		return usage("--"+invalid.GetFlag().Name, errors.Unwrap(invalid).Error(), next)
	case errors.As(err, &required):
		return usage(dashed(required.GetSpecifiedName()), "needs a value", next)
	case errors.As(err, &unknown):
		name := dashed(unknown.GetSpecifiedName())
		if s := similarFlag(c, unknown.GetSpecifiedName()); s != "" {
			next = "did you mean --" + s
		}
		return usage(sanitize.Line(name, 100), "there is no such flag", next)
	}
	return usage("", err.Error(), next)
}

func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// similarFlag finds a flag that begins with name, or the other way round.
func similarFlag(c *cobra.Command, name string) string {
	found := ""
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if found == "" && len(name) > 2 && !f.Hidden && (strings.HasPrefix(f.Name, name) || strings.HasPrefix(name, f.Name)) {
			found = f.Name
		}
	})
	return found
}

func quoted(s string) string { return strconv.Quote(sanitize.Line(s, 100)) }
