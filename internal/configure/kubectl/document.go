package kubectl

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// document is a kubeconfig's text. An edit replaces the lines of one user and
// leaves every other byte alone; where those lines cannot be told from others, as
// in JSON, the whole text is written anew, with its order and comments.
type document struct {
	text []byte
	root *yaml.Node // a mapping; nil if there is nothing in the text
}

// parse reads a kubeconfig; nil is an empty one.
func parse(text []byte) (*document, error) {
	var doc, more yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(text))
	switch err := d.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return &document{text: text}, nil
	case err != nil:
		return nil, err
	}
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more than one YAML document in it")
	}
	root := doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return &document{text: text}, nil
	}
	if root.Kind != yaml.MappingNode {
		return nil, errors.New("it is no kubeconfig: no mapping")
	}
	if users := value(root, "users"); !empty(users) && users.Kind != yaml.SequenceNode {
		return nil, errors.New("users is no list")
	}
	return &document{text: text, root: root}, nil
}

// items are the entries of users.
func (d *document) items() []*yaml.Node {
	if users := value(d.root, "users"); users != nil {
		return users.Content
	}
	return nil
}

// item is a user's entry, the first of that name as kubectl has it; nil if there is none.
func (d *document) item(name string) *yaml.Node {
	i := slices.IndexFunc(d.items(), func(n *yaml.Node) bool { return nameOf(n) == name })
	if i < 0 {
		return nil
	}
	return d.items()[i]
}

// edit changes a user's entry by change, which gets the value of "user". A user
// that is not there is added.
func (d *document) edit(name string, change func(user *yaml.Node)) (*document, error) {
	for _, way := range []func(string, func(*yaml.Node)) ([]byte, bool){d.editLines, d.editAll} {
		text, ok := way(name, change)
		if !ok {
			continue
		}
		if edited, err := parse(text); err == nil && sameBut(d, edited, name) {
			return edited, nil
		}
	}
	return nil, errors.New("its YAML cannot be edited without changing more")
}

// editLines replaces a user's lines only.
func (d *document) editLines(name string, change func(*yaml.Node)) (text []byte, ok bool) {
	lines, crlf := d.lines()
	item := d.item(name)
	if item == nil {
		return d.addLines(lines, crlf, name, change)
	}
	at, end, column, ok := extent(lines, item)
	if !ok || value(d.root, "users").Style&yaml.FlowStyle != 0 {
		return nil, false
	}
	var alone yaml.Node
	if yaml.Unmarshal([]byte(strings.Join(lines[at:end], "")), &alone) != nil {
		return nil, false // an alias of what is elsewhere
	}
	user := userOf(alone.Content[0].Content[0])
	if user == nil {
		return nil, false
	}
	layout := d.layout(item)
	change(user)
	return splice(lines, at, end, layout.encode(alone.Content[0], column), crlf), true
}

// noUsers is how an empty list of users is written on one line.
var noUsers = regexp.MustCompile(`^(users:)\s*(?:\[\s*\]|null|~)?(\s*#.*)?\s*$`)

func (d *document) addLines(lines []string, crlf bool, name string, change func(*yaml.Node)) ([]byte, bool) {
	list := &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{newItem(name, change)}}
	users := value(d.root, "users")
	switch {
	case d.root == nil:
		return splice(lines, len(lines), len(lines), "apiVersion: v1\nkind: Config\nusers:\n"+d.layout(nil).encode(list, 0), crlf), true
	case d.root.Style&yaml.FlowStyle != 0:
		return nil, false
	case users == nil:
		return splice(lines, len(lines), len(lines), "users:\n"+d.layout(nil).encode(list, 0), crlf), true
	case len(users.Content) == 0:
		at := keyOf(d.root, "users").Line - 1
		m := noUsers.FindStringSubmatch(strings.TrimRight(lines[at], "\r\n"))
		if m == nil {
			return nil, false
		}
		return splice(lines, at, at+1, m[1]+m[2]+"\n"+d.layout(nil).encode(list, 0), crlf), true
	}
	last := users.Content[len(users.Content)-1]
	_, end, column, ok := extent(lines, last)
	if !ok || users.Style&yaml.FlowStyle != 0 {
		return nil, false
	}
	return splice(lines, end, end, d.layout(last).encode(list, column), crlf), true
}

// editAll writes the whole text anew.
func (d *document) editAll(name string, change func(*yaml.Node)) ([]byte, bool) {
	fresh, err := parse(d.text)
	if err != nil || fresh.root == nil {
		return nil, false
	}
	layout := fresh.layout(fresh.item(name))
	if item := fresh.item(name); item != nil {
		user := userOf(item)
		if user == nil {
			return nil, false
		}
		change(user)
	} else {
		users := value(fresh.root, "users")
		if empty(users) {
			users = &yaml.Node{Kind: yaml.SequenceNode, Style: fresh.root.Style & yaml.FlowStyle}
			set(fresh.root, "users", users)
		}
		users.Content = append(users.Content, newItem(name, change))
	}
	if fresh.root.Style&yaml.FlowStyle != 0 {
		quoteAll(fresh.root)
	}
	return []byte(layout.encode(fresh.root, 0)), true
}

// remove takes a user's lines out.
func (d *document) remove(name string) (*document, error) {
	lines, crlf := d.lines()
	at, end, _, ok := extent(lines, d.item(name))
	if ok {
		edited, err := parse(splice(lines, at, end, "", crlf))
		if err == nil && sameBut(d, edited, name) && edited.item(name) == nil {
			return edited, nil
		}
	}
	return nil, errors.New("the lines of user " + name + " cannot be told from others")
}

// sameBut says that two kubeconfigs say the same but for a user and what an empty
// one must have.
func sameBut(a, b *document, name string) bool {
	content := func(d *document) map[string]any {
		m := map[string]any{}
		if d.root == nil || d.root.Decode(&m) != nil {
			m = map[string]any{"apiVersion": "v1", "kind": "Config"}
		}
		var others []any
		for _, n := range d.items() {
			var item any
			if nameOf(n) != name && n.Decode(&item) == nil {
				others = append(others, item)
			}
		}
		m["users"] = others
		return m
	}
	return reflect.DeepEqual(content(a), content(b))
}
