package manifest

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/authlatch/authlatch/internal/sanitize"
)

func (m *Manifest) check() error {
	switch {
	case !nameSyntax().MatchString(m.Name):
		return fmt.Errorf("has a malformed flow.name: %q", sanitize.Line(m.Name, 80))
	case len(m.Version) > 64 || sanitize.Line(m.Version, 64) != m.Version:
		return fmt.Errorf("has a malformed flow.version")
	case m.Command == "":
		return fmt.Errorf("has no flow.command")
	}
	for _, check := range []func() error{m.checkInterpreter, m.checkDeclared, m.checkFiles} {
		if err := check(); err != nil {
			return err
		}
	}
	if !slices.ContainsFunc(m.Files, func(f File) bool { return f.Path == m.Command }) {
		return fmt.Errorf("does not list its command: %s", sanitize.Line(m.Command, 80))
	}
	return nil
}

func (m *Manifest) checkInterpreter() error {
	i := m.Interpreter
	switch {
	case i == nil:
		return nil
	case !filepath.IsAbs(i.Path) || filepath.Clean(i.Path) != i.Path || len(i.Path) > 4*maxPath || sanitize.Line(i.Path, 4*maxPath) != i.Path:
		return fmt.Errorf("has an interpreter.path that is not absolute and plain: %q", sanitize.Line(i.Path, 80))
	case !sumSyntax().MatchString(i.SHA256):
		return fmt.Errorf("has an interpreter.sha256 that is not 64 lowercase hexadecimal digits")
	case len(i.Args) > maxArgs:
		return fmt.Errorf("has more than %d interpreter.args", maxArgs)
	}
	for _, a := range i.Args {
		if a == "" || len(a) > maxText || sanitize.Line(a, maxText) != a {
			return fmt.Errorf("has a malformed one of interpreter.args: %q", sanitize.Line(a, 80))
		}
	}
	return nil
}

func (m *Manifest) checkDeclared() error {
	if len(m.Features) > maxList || len(m.Options) > maxList {
		return fmt.Errorf("declares more than %d features or options", maxList)
	}
	for _, f := range m.Features {
		if !featureSyntax().MatchString(f) {
			return fmt.Errorf("declares the malformed feature %q", sanitize.Line(f, 80))
		}
	}
	seen := make(map[string]bool)
	for _, o := range m.Options {
		switch {
		case !optionSyntax().MatchString(o.Name) || seen[o.Name]:
			return fmt.Errorf("declares the malformed or repeated option %q", sanitize.Line(o.Name, 80))
		case !slices.Contains(kinds, o.Kind):
			return fmt.Errorf("declares option %s of the unknown kind %q", o.Name, sanitize.Line(o.Kind, 80))
		}
		seen[o.Name] = true
	}
	return nil
}

// checkFiles accepts paths that mean the same file on every system.
func (m *Manifest) checkFiles() error {
	if len(m.Files) > MaxFiles {
		return fmt.Errorf("lists more than %d files", MaxFiles)
	}
	files, dirs := make(map[string]bool), make(map[string]bool)
	for _, f := range m.Files {
		elements := strings.Split(f.Path, "/")
		bad := len(f.Path) > maxPath || len(elements) > maxDir || !pathSyntax().MatchString(f.Path) || !filepath.IsLocal(filepath.FromSlash(f.Path))
		for _, e := range elements {
			// Windows drops a final dot or space; "." and ".." have one.
			bad = bad || len(e) > maxName || strings.HasSuffix(e, ".") || strings.HasSuffix(e, " ")
		}
		folded := strings.ToLower(f.Path)
		switch {
		case bad || folded == FileName:
			return fmt.Errorf("lists a file by a path that is not relative, plain and inside: %q", sanitize.Line(f.Path, 80))
		case !sumSyntax().MatchString(f.SHA256):
			return fmt.Errorf("lists %s with a sum that is not 64 lowercase hexadecimal digits", f.Path)
		case files[folded]:
			return fmt.Errorf("lists %s twice, but for capitals", f.Path)
		}
		files[folded] = true
		for i, r := range folded {
			if r == '/' {
				dirs[folded[:i]] = true
			}
		}
	}
	for _, f := range m.Files {
		if dirs[strings.ToLower(f.Path)] {
			return fmt.Errorf("lists %s as a file and as a directory", f.Path)
		}
	}
	return nil
}
