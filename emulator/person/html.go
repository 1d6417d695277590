package person

import (
	"strings"

	"golang.org/x/net/html"
)

// page is what a person sees of an HTML document.
type page struct {
	form    *form  // the first one
	alert   string // text of the first element with role=alert
	outcome string // data-outcome of main, the emulator's sign for scripts
	heading string
	lead    string
}

type form struct {
	action, method string
	inputs         []control
	buttons        []control
}

type control struct {
	name, kind, value string
}

func (p page) text() string { return strings.TrimSpace(p.heading + ": " + p.lead) }

// has reports whether a button carries the value.
func (f *form) has(value string) bool {
	for _, b := range f.buttons {
		if b.value == value {
			return true
		}
	}
	return false
}

// press picks a button: cancel if the person refuses, else the first.
func (f *form) press(refuse bool) (control, bool) {
	for _, b := range f.buttons {
		if (b.value == "cancel") == refuse {
			return b, true
		}
	}
	if len(f.buttons) > 0 && !refuse {
		return f.buttons[0], true
	}
	return control{}, false
}

// parse reads a document as a browser without scripts does: what is in
// noscript counts. It takes any text and finds nothing in what is not HTML.
func parse(body string) page {
	var p page
	root, err := html.ParseWithOptions(strings.NewReader(body), html.ParseOptionEnableScripting(false))
	if err != nil {
		return p
	}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if p.alert == "" && attr(n, "role") == "alert" {
			p.alert = textOf(n)
		}
		switch n.Data {
		case "main":
			p.outcome = attr(n, "data-outcome")
		case "h1":
			p.heading = textOf(n)
		case "p":
			if p.heading != "" && p.lead == "" {
				p.lead = textOf(n)
			}
		case "form":
			if p.form == nil {
				p.form = readForm(n)
			}
		}
	}
	return p
}

func readForm(n *html.Node) *form {
	f := &form{action: attr(n, "action"), method: strings.ToUpper(attr(n, "method"))}
	if f.method != "POST" {
		f.method = "GET"
	}
	for in := range n.Descendants() {
		if in.Type != html.ElementNode {
			continue
		}
		c := control{name: attr(in, "name"), kind: attr(in, "type"), value: attr(in, "value")}
		switch {
		case in.Data == "button":
			f.buttons = append(f.buttons, c)
		case in.Data == "input" && c.name != "":
			f.inputs = append(f.inputs, c)
		}
	}
	return f
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func textOf(n *html.Node) string {
	var out strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			out.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(out.String()), " ")
}
