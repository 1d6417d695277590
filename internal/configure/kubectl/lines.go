package kubectl

import (
	"bytes"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// lines are the text's, each with its end; crlf says how those are written.
func (d *document) lines() (lines []string, crlf bool) {
	for line := range strings.Lines(string(d.text)) {
		lines = append(lines, line)
	}
	return lines, bytes.Contains(d.text, []byte("\r\n"))
}

// dash is what stands before an entry of a block list.
var dash = regexp.MustCompile(`^( *)- +$`)

// extent is where the lines of a block list's entry begin and end: it ends before
// the next line that is indented no more than its dash, at column. Blank lines
// behind it, and comments there that are not indented, are not its own.
func extent(lines []string, item *yaml.Node) (at, end, column int, ok bool) {
	at = item.Line - 1
	if at < 0 || at >= len(lines) || item.Column-1 > len(lines[at]) {
		return 0, 0, 0, false
	}
	m := dash.FindStringSubmatch(lines[at][:item.Column-1])
	if m == nil {
		return 0, 0, 0, false
	}
	column, end = len(m[1]), at+1
	for i := end; i < len(lines); i++ {
		text := strings.TrimLeft(lines[i], " ")
		if strings.TrimSpace(text) == "" {
			continue
		}
		if len(lines[i])-len(text) <= column {
			break
		}
		end = i + 1
	}
	return at, end, column, true
}

// splice puts text in the place of some lines.
func splice(lines []string, at, end int, text string, crlf bool) []byte {
	if crlf {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	before := strings.Join(lines[:at], "")
	if before != "" && !strings.HasSuffix(before, "\n") {
		before += "\n"
	}
	return []byte(before + text + strings.Join(lines[end:], ""))
}

// layout is how a text is indented.
type layout struct {
	indent  int
	compact bool // a list is no further right than its key
}

// layout looks at a user's entry, and else at the list of them; kubectl's own way
// is the default.
func (d *document) layout(item *yaml.Node) layout {
	l := layout{indent: 2, compact: true}
	look := func(key, list *yaml.Node) {
		if key != nil && list != nil && list.Kind == yaml.SequenceNode && list.Style&yaml.FlowStyle == 0 && len(list.Content) > 0 {
			l.compact = list.Column == key.Column
		}
	}
	look(keyOf(d.root, "users"), value(d.root, "users"))
	user := value(item, "user")
	if user != nil && user.Style&yaml.FlowStyle == 0 {
		if by := user.Column - keyOf(item, "user").Column; by >= 2 && by <= 8 {
			l.indent = by
		}
	}
	exec := value(user, "exec")
	look(keyOf(exec, "args"), value(exec, "args"))
	return l
}

func (l layout) encode(n *yaml.Node, column int) string {
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(l.indent)
	if l.compact {
		e.CompactSeqIndent()
	}
	if e.Encode(n) != nil || e.Close() != nil {
		return ""
	}
	if column == 0 {
		return b.String()
	}
	var out strings.Builder
	for line := range strings.Lines(b.String()) {
		if strings.TrimSpace(line) != "" {
			out.WriteString(strings.Repeat(" ", column))
		}
		out.WriteString(line)
	}
	return out.String()
}
