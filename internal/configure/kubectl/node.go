package kubectl

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

// index of a key in a mapping; -1 if it is none or has no such key.
func index(m *yaml.Node, key string) int {
	if m == nil || m.Kind != yaml.MappingNode {
		return -1
	}
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			return i
		}
	}
	return -1
}

func keyOf(m *yaml.Node, key string) *yaml.Node {
	if i := index(m, key); i >= 0 {
		return m.Content[i]
	}
	return nil
}

func value(m *yaml.Node, key string) *yaml.Node {
	if i := index(m, key); i >= 0 {
		return m.Content[i+1]
	}
	return nil
}

// text is a scalar's value under a key; "" if there is none.
func text(m *yaml.Node, key string) string {
	if v := value(m, key); v != nil && v.Kind == yaml.ScalarNode && v.Tag != "!!null" {
		return v.Value
	}
	return ""
}

func nameOf(item *yaml.Node) string { return text(item, "name") }

func empty(n *yaml.Node) bool {
	return n == nil || n.Kind == yaml.ScalarNode && n.Tag == "!!null"
}

// set gives a key a value, where it stands or at the end, and keeps the comments.
func set(m *yaml.Node, key string, v *yaml.Node) {
	i := index(m, key)
	if i < 0 {
		m.Content = append(m.Content, scalar(key), v)
		return
	}
	old := m.Content[i+1]
	v.HeadComment, v.FootComment = old.HeadComment, old.FootComment
	if v.Kind == yaml.ScalarNode || v.Style&yaml.FlowStyle != 0 {
		v.LineComment = old.LineComment
	}
	m.Content[i+1] = v
}

func unset(m *yaml.Node, key string) {
	if i := index(m, key); i >= 0 {
		m.Content = slices.Delete(m.Content, i, i+2)
	}
}

func scalar(s string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(s)
	return n
}

func boolean(b bool) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "false"}
	if b {
		n.Value = "true"
	}
	return n
}

// sequence is a list in the style of the one that it takes the place of.
func sequence(old *yaml.Node, values []string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode}
	if old != nil && len(old.Content) > 0 {
		n.Style = old.Style
	}
	for _, v := range values {
		n.Content = append(n.Content, scalar(v))
	}
	if old == nil {
		return n
	}
	for _, item := range n.Content { // what was said of an argument that stays
		if i := slices.IndexFunc(old.Content, func(o *yaml.Node) bool { return o.Value == item.Value }); i >= 0 {
			item.HeadComment, item.LineComment, item.FootComment = old.Content[i].HeadComment, old.Content[i].LineComment, old.Content[i].FootComment
		}
	}
	return n
}

// userOf is the value of "user", made where there is none; nil if it cannot be edited.
func userOf(item *yaml.Node) *yaml.Node {
	if empty(value(item, "user")) {
		set(item, "user", &yaml.Node{Kind: yaml.MappingNode})
	}
	if user := value(item, "user"); user.Kind == yaml.MappingNode {
		return user
	}
	return nil
}

// aliased says that a part of n is shared with what is elsewhere.
func aliased(n *yaml.Node) bool {
	return n.Kind == yaml.AliasNode || n.Anchor != "" || slices.ContainsFunc(n.Content, aliased)
}

// newItem is an entry of users.
func newItem(name string, change func(user *yaml.Node)) *yaml.Node {
	user := &yaml.Node{Kind: yaml.MappingNode}
	change(user)
	return &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{scalar("name"), scalar(name), scalar("user"), user}}
}

// quoteAll keeps JSON what it is.
func quoteAll(n *yaml.Node) {
	switch n.Kind {
	case yaml.MappingNode, yaml.SequenceNode:
		n.Style |= yaml.FlowStyle
	case yaml.ScalarNode:
		if n.Tag == "!!str" || n.Tag == "" {
			n.Style = yaml.DoubleQuotedStyle
		}
	}
	for _, c := range n.Content {
		quoteAll(c)
	}
}
