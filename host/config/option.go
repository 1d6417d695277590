package config

import (
	"maps"
	"slices"
	"strconv"
	"time"
)

// OptionSpec is what a flow's Describe says of one option.
type OptionSpec struct {
	Name     string
	Kind     string // "string", "bool", "integer" or "duration"
	Required bool
	Secret   bool
}

// CheckOptions checks [profiles.NAME.flow.FLOW] against the flow's options:
// unknown, missing, of another kind, or a secret that is written out.
func (s Settings) CheckOptions(flow string, specs []OptionSpec) error {
	table := "profiles." + s.Profile + ".flow." + flow
	options := s.Options[flow]
	names := make([]string, len(specs))
	for i, spec := range specs {
		names[i] = spec.Name
	}
	for _, name := range slices.Sorted(maps.Keys(options)) {
		if !slices.Contains(names, name) {
			return s.file.errorAt(join(table, name), "flow "+flow+" has no such option", suggestion(name, names))
		}
	}
	for _, spec := range specs {
		o, set := options[spec.Name]
		path := join(table, spec.Name)
		if !set && spec.Required {
			e := s.file.errorAt(path, "flow "+flow+" cannot run without it", "")
			e.Key = path
			return e
		}
		if !set {
			continue
		}
		if spec.Secret && !o.IsReference() {
			return s.file.errorAt(path, "is secret and must not be written here", `refer to it: { env = "NAME" } or { file = "PATH" }`)
		}
		if problem := o.check(spec.Kind); problem != "" {
			return s.file.errorAt(path, problem, "")
		}
	}
	return nil
}

func (o Option) check(kind string) string {
	if o.IsReference() {
		return "" // its value is known only at launch
	}
	switch kind {
	case "bool":
		if o.Written != Bool {
			return "must be true or false"
		}
	case "integer":
		if o.Written != Integer {
			return "must be a whole number"
		}
	case "duration":
		if _, err := time.ParseDuration(o.Value); o.Written != String || err != nil {
			return `must be a duration, such as "90s" or "5m"`
		}
	default:
		if o.Written != String {
			return "must be a string, not " + strconv.Quote(o.Value)
		}
	}
	return ""
}
