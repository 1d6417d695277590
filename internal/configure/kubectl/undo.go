package kubectl

import (
	"errors"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Undo gives the users that are ours what they had before, and takes out those that
// were not there. A profile that was added to the config file stays: others may use
// it by now.
func (*Tool) Undo(path string, before, now []byte) ([]byte, error) {
	if filepath.Ext(path) == ".toml" {
		return now, nil
	}
	was, err := parse(before)
	if err != nil {
		return nil, err
	}
	is, err := parse(now)
	if err != nil {
		return nil, err
	}
	for _, item := range is.items() {
		if kindOf(value(item, "user")) != ours {
			continue
		}
		name := nameOf(item)
		if was.item(name) == nil {
			is, err = is.remove(name)
		} else {
			is, err = is.restore(name, was)
		}
		if err != nil {
			return nil, err
		}
	}
	return is.text, nil
}

// restore puts the lines of a user back that were there.
func (d *document) restore(name string, was *document) (*document, error) {
	lines, _ := d.lines()
	old, _ := was.lines()
	at, end, column, ok := extent(lines, d.item(name))
	oldAt, oldEnd, oldColumn, wasOK := extent(old, was.item(name))
	if ok && wasOK && column == oldColumn {
		text := strings.Join(old[oldAt:oldEnd], "")
		if !strings.HasSuffix(text, "\n") {
			text += "\n"
		}
		if is, err := parse(splice(lines, at, end, text, false)); err == nil && sameBut(d, is, name) {
			return is, nil
		}
	}
	user := value(was.item(name), "user")
	if user == nil || user.Kind != yaml.MappingNode {
		return nil, errors.New("user " + name + " had nothing")
	}
	return d.edit(name, func(n *yaml.Node) { n.Style, n.Content = user.Style, user.Content })
}
