package importrules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

const module = "github.com/authlatch/authlatch"

// A rule forbids some packages of this module to depend on others.
type rule struct {
	says string
	// of, less butNot, are the packages that the rule is about.
	of, butNot []string
	// mayNotImport are packages that those must not import themselves;
	// mayNotLink are packages that must not be reached through others either.
	mayNotImport, mayNotLink []string
	// except are packages that match one of the two and are allowed.
	except []string
}

// A graph is the imports of every package, by import path.
type graph map[string][]string

// about returns the packages that r is about, sorted.
func (r rule) about(g graph) []string {
	var packages []string
	for p := range g {
		if matchAny(r.of, p) && !matchAny(r.butNot, p) {
			packages = append(packages, p)
		}
	}
	slices.Sort(packages)
	return packages
}

// broken returns one line for each package that breaks r: the way from it to
// what it must not depend on.
func (r rule) broken(g graph) []string {
	var lines []string
	for _, p := range r.about(g) {
		for _, imported := range g[p] {
			if matchAny(r.mayNotImport, imported) && !matchAny(r.except, imported) {
				lines = append(lines, fmt.Sprintf("%s imports %s", p, imported))
			}
		}
		way := g.way(p, func(q string) bool {
			return matchAny(r.mayNotLink, q) && !matchAny(r.except, q)
		})
		if way != nil {
			lines = append(lines, strings.Join(way, " imports "))
		}
	}
	return lines
}

// way returns a shortest chain of imports from a package to one that is found,
// or nil.
func (g graph) way(from string, found func(string) bool) []string {
	before := map[string]string{from: ""}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		for _, next := range g[queue[0]] {
			if _, seen := before[next]; seen {
				continue
			}
			before[next] = queue[0]
			if found(next) {
				var way []string
				for p := next; p != ""; p = before[p] {
					way = append(way, p)
				}
				slices.Reverse(way)
				return way
			}
			queue = append(queue, next)
		}
	}
	return nil
}

func matchAny(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return match(p, path) })
}

// match is the go command's way: "..." is any text, and a final "/..." may be
// absent.
func match(pattern, path string) bool {
	if rest, ours := strings.CutPrefix(pattern, "./"); ours {
		pattern = module + "/" + rest
	}
	pattern = regexp.QuoteMeta(pattern)
	if tree, ok := strings.CutSuffix(pattern, `/\.\.\.`); ok {
		pattern = tree + "(/.*)?"
	}
	pattern = strings.ReplaceAll(pattern, `\.\.\.`, ".*")
	return regexp.MustCompile("^(" + pattern + ")$").MatchString(path)
}
