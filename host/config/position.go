package config

import (
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// errorAt makes an error that points at path, or at the nearest table above it.
func (f *File) errorAt(path, problem, next string) *Error {
	p := f.locate(path)
	return &Error{File: f.Path, Line: p.line, Column: p.column, Key: displayed(path), Problem: problem, Next: next}
}

// origin is "FILE:LINE" of what is set at path.
func (f *File) origin(path string) string {
	return f.Path + ":" + strconv.Itoa(f.locate(path).line)
}

// sets says whether the file has that very key.
func (f *File) sets(path string) bool {
	f.locate(path)
	_, ok := f.pos[path]
	return ok
}

func (f *File) locate(path string) position {
	f.once.Do(func() { f.pos = positions(f.data) })
	for {
		if p, ok := f.pos[path]; ok {
			return p
		}
		i := strings.LastIndexByte(path, '.')
		if i < 0 {
			return position{line: 1, column: 1}
		}
		path = path[:i]
	}
}

// displayed is the path without the number of a [[rule]]: the line says which.
func displayed(path string) string {
	if i, j := strings.IndexByte(path, '['), strings.IndexByte(path, ']'); i >= 0 && j > i {
		path = path[:i] + path[j+1:]
	}
	return oneLine(path)
}

// oneLine makes the file's own text fit for a terminal.
func oneLine(s string) string {
	if printable(s) {
		return s
	}
	return strconv.QuoteToASCII(s)
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// positions finds where each key of a document stands. Decoding a map loses it,
// and only errors and explanations want it, so the text is parsed once more then.
func positions(data []byte) map[string]position {
	found := map[string]position{}
	arrays := map[string]int{}
	var p unstable.Parser
	p.Reset(data)
	table := ""
	for p.NextExpression() {
		e := p.Expression()
		switch e.Kind {
		case unstable.Table:
			table = mark(&p, found, "", e)
		case unstable.ArrayTable:
			name := keyPath("", e)
			table = name + "[" + strconv.Itoa(arrays[name]) + "]"
			arrays[name]++
			found[table] = at(&p, e)
			if _, ok := found[name]; !ok {
				found[name] = found[table]
			}
		case unstable.KeyValue:
			keyValue(&p, found, table, e)
		}
	}
	return found
}

func keyValue(p *unstable.Parser, found map[string]position, table string, e *unstable.Node) {
	path := mark(p, found, table, e)
	if v := e.Value(); v.Kind == unstable.InlineTable {
		for it := v.Children(); it.Next(); {
			keyValue(p, found, path, it.Node())
		}
	}
}

func mark(p *unstable.Parser, found map[string]position, table string, e *unstable.Node) string {
	path := table
	here := at(p, e)
	for it := e.Key(); it.Next(); {
		path = join(path, string(it.Node().Data))
		if _, ok := found[path]; !ok {
			found[path] = here
		}
	}
	return path
}

func keyPath(table string, e *unstable.Node) string {
	for it := e.Key(); it.Next(); {
		table = join(table, string(it.Node().Data))
	}
	return table
}

func at(p *unstable.Parser, e *unstable.Node) position {
	it := e.Key()
	if !it.Next() {
		return position{}
	}
	start := p.Shape(it.Node().Raw).Start
	return position{line: start.Line, column: start.Column}
}
