// Package manifest reads flow.toml, which stands for a flow of several files: it
// names the command, the interpreter that runs it, the SHA-256 of every file and
// what the flow declares. Whoever knows the SHA-256 of the manifest knows all of
// them. It runs nothing and trusts nobody: packages registry and launch, its
// callers, hold the manifest to a pinned sum first.
package manifest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/pelletier/go-toml/v2"

	"github.com/authlatch/authlatch/internal/sanitize"
)

// FileName is what the manifest is called in the flow's directory.
const FileName = "flow.toml"

// Version is the one that this package reads.
const Version = 1

// Limits.
const (
	// MaxSize bounds a manifest, in bytes: a line for each of MaxFiles files.
	MaxSize = 1 << 20
	// MaxFiles bounds the files of a flow. A gRPC flow in Node with its modules
	// has about 1500.
	MaxFiles = 5000
	// MaxTotal bounds the size of all files together, in bytes: they are copied
	// at each launch.
	MaxTotal = 256 << 20

	maxArgs = 16
	maxList = 256     // of features and options, as in the protocol
	maxText = 1 << 10 // of one text, in bytes, as in the protocol
	maxPath = 1 << 10 // of one path, in bytes
	maxDir  = 32      // of directories in one path
	maxName = 255     // of one element of a path, in bytes: what file systems take
)

// Manifest is what a flow.toml says, checked.
type Manifest struct {
	Name    string
	Version string // of the flow; may be ""
	// Command is the file, one of Files, that runs or that Interpreter runs.
	Command     string
	Interpreter *Interpreter // nil if Command is executable by itself
	// Features and Options are all that the flow may declare.
	Features []string
	Options  []Option
	// Files are all files of the directory but the manifest, by path.
	Files []File
}

// Interpreter runs the command: PATH ARGS... COMMAND.
type Interpreter struct {
	Path   string // absolute
	SHA256 string
	Args   []string
}

// Option is one setting that the flow takes.
type Option struct {
	Name     string
	Kind     string // "string", "bool", "integer" or "duration"
	Required bool
	Secret   bool
	Help     string // one clean line
}

// File is one file of the flow.
type File struct {
	Path   string // relative to the manifest, with slashes
	SHA256 string // lowercase hex
}

var (
	nameSyntax    = lazily(`^[a-z0-9-]{1,64}$`)
	featureSyntax = lazily(`^[a-z][a-z0-9_.-]{0,63}$`)
	optionSyntax  = lazily(`^[a-z][a-z0-9_]{0,63}$`)
	sumSyntax     = lazily(`^[0-9a-f]{64}$`)
	pathSyntax    = lazily(`^[A-Za-z0-9_@%+=,.~()\[\]{}!#$&'; ^-]+(/[A-Za-z0-9_@%+=,.~()\[\]{}!#$&'; ^-]+)*$`)
	kinds         = []string{"string", "bool", "integer", "duration"}
)

// lazily compiles an expression when there is a manifest to read: every process
// of authlatch's links this, and few meet one.
func lazily(syntax string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(syntax) })
}

// document is the file as it is decoded.
type document struct {
	Version int `toml:"version"`
	Flow    struct {
		Name     string   `toml:"name"`
		Version  string   `toml:"version"`
		Command  string   `toml:"command"`
		Features []string `toml:"features"`
	} `toml:"flow"`
	Interpreter *struct {
		Path   string   `toml:"path"`
		SHA256 string   `toml:"sha256"`
		Args   []string `toml:"args"`
	} `toml:"interpreter"`
	Option []struct {
		Name     string `toml:"name"`
		Kind     string `toml:"kind"`
		Required bool   `toml:"required"`
		Secret   bool   `toml:"secret"`
		Help     string `toml:"help"`
	} `toml:"option"`
	Files map[string]string `toml:"files"`
}

// Parse reads a manifest. Its error says what is wrong with it, on one clean
// line.
func Parse(b []byte) (*Manifest, error) {
	if len(b) > MaxSize {
		return nil, fmt.Errorf("has more than %d bytes", MaxSize)
	}
	var raw map[string]any
	if err := toml.Unmarshal(b, &raw); err != nil {
		return nil, fmt.Errorf("is not TOML: %s", sanitize.Line(err.Error(), maxText))
	}
	if v, ok := raw["version"].(int64); ok && v > Version {
		return nil, fmt.Errorf("has version %d, which needs a newer authlatch", v)
	}
	if err := onlyKnown(raw); err != nil {
		return nil, err
	}
	var d document
	if err := toml.Unmarshal(b, &d); err != nil {
		return nil, fmt.Errorf("is malformed: %s", sanitize.Line(err.Error(), maxText))
	}
	if d.Version != Version {
		return nil, fmt.Errorf("has no version = %d", Version)
	}
	m := &Manifest{Name: d.Flow.Name, Version: d.Flow.Version, Command: d.Flow.Command, Features: d.Flow.Features}
	if i := d.Interpreter; i != nil {
		m.Interpreter = &Interpreter{i.Path, i.SHA256, i.Args}
	}
	for _, o := range d.Option {
		if o.Kind == "" {
			o.Kind = kinds[0]
		}
		m.Options = append(m.Options, Option{o.Name, o.Kind, o.Required, o.Secret, sanitize.Line(o.Help, maxText)})
	}
	for path, sum := range d.Files {
		m.Files = append(m.Files, File{path, sum})
	}
	slices.SortFunc(m.Files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	if err := m.check(); err != nil {
		return nil, err
	}
	return m, nil
}

// known are the keys of each table; the decoder by itself would take other
// spellings in capitals too.
var known = map[string][]string{
	"":            {"version", "flow", "interpreter", "option", "files"},
	"flow":        {"name", "version", "command", "features"},
	"interpreter": {"path", "sha256", "args"},
	"option":      {"name", "kind", "required", "secret", "help"},
}

func onlyKnown(raw map[string]any) error {
	tables := map[string][]any{"": {raw}, "flow": {raw["flow"]}, "interpreter": {raw["interpreter"]}}
	tables["option"], _ = raw["option"].([]any)
	for _, name := range []string{"", "flow", "interpreter", "option"} {
		for _, table := range tables[name] {
			keys, _ := table.(map[string]any) // of another type: the decoder says so
			for key := range keys {
				if !slices.Contains(known[name], key) {
					return fmt.Errorf("has an unknown key: %s", sanitize.Line(strings.TrimPrefix(name+"."+key, "."), maxText))
				}
			}
		}
	}
	return nil
}
