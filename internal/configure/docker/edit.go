package docker

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
)

// The editor changes single members of a JSON document and leaves every other byte
// as it was: order, spaces, and what nobody here knows.

var (
	errNotJSON = errors.New("is not a JSON object")
	errNotOurs = errors.New("has auths, credHelpers or credsStore in another shape than docker's")
	errTwice   = errors.New("has a key twice, and programs differ on which of them counts")
)

// object is an object in a document: where its braces are, and its members.
type object struct {
	open, close int
	members     []member
}

// member is a key with its value: text[start:end] is all of it, text[value:end] the
// value.
type member struct {
	key               string
	start, value, end int
}

// parse reads the object that begins at or after at. text is valid JSON.
func parse(text []byte, at int) (object, error) {
	at = blank(text, at)
	if at >= len(text) || text[at] != '{' {
		return object{}, errNotJSON
	}
	o := object{open: at}
	seen := map[string]bool{}
	for at = blank(text, at+1); text[at] != '}'; at = blank(text, at) {
		if text[at] == ',' {
			at = blank(text, at+1)
		}
		m := member{start: at}
		at = skip(text, at)
		if err := json.Unmarshal(text[m.start:at], &m.key); err != nil {
			return object{}, errNotJSON
		}
		m.value = blank(text, blank(text, at)+1) // past the colon
		m.end = skip(text, m.value)
		at = m.end
		if seen[m.key] {
			return object{}, errTwice
		}
		seen[m.key] = true
		o.members = append(o.members, m)
	}
	o.close = at
	return o, nil
}

func blank(text []byte, at int) int {
	for at < len(text) && strings.IndexByte(" \t\r\n", text[at]) >= 0 {
		at++
	}
	return at
}

// skip returns where the value that begins at at ends.
func skip(text []byte, at int) int {
	depth := 0
	for ; at < len(text); at++ {
		switch c := text[at]; {
		case c == '"':
			for at++; text[at] != '"'; at++ {
				if text[at] == '\\' {
					at++
				}
			}
			if depth == 0 {
				return at + 1
			}
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth == 0 {
				return at
			}
			if depth--; depth == 0 {
				return at + 1
			}
		case depth == 0 && strings.IndexByte(", \t\r\n", c) >= 0:
			return at
		}
	}
	return at
}

// document parses a whole file; a missing or empty one is an empty object.
func document(text []byte) ([]byte, object, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		text = []byte("{}\n")
	}
	if !json.Valid(text) {
		return nil, object{}, errNotJSON
	}
	o, err := parse(text, 0)
	return text, o, err
}

func (o object) find(key string) (int, bool) {
	for i, m := range o.members {
		if m.key == key {
			return i, true
		}
	}
	return 0, false
}

// set gives a member of the object a value, at the end if there is none. depth is
// how deep the object lies, from 1.
func (o object) set(text []byte, depth int, key, value string) []byte {
	if i, ok := o.find(key); ok {
		return splice(text, o.members[i].value, o.members[i].end, value)
	}
	name, err := json.Marshal(key)
	if err != nil {
		panic(err) // a string
	}
	added := string(name) + ": " + value
	if len(o.members) == 0 {
		return splice(text, o.open+1, o.close, "\n"+strings.Repeat("\t", depth)+added+"\n"+strings.Repeat("\t", depth-1))
	}
	last := o.members[len(o.members)-1]
	return splice(text, last.end, last.end, ","+o.before(text, last)+added)
}

// before is the white space in front of a member, for another one after it.
func (o object) before(text []byte, m member) string {
	start := m.start
	for start > o.open+1 && blank(text, start-1) != start-1 {
		start--
	}
	if space := string(text[start:m.start]); space != "" {
		return space
	}
	return " "
}

// remove removes a member, if it is there.
func (o object) remove(text []byte, key string) []byte {
	i, ok := o.find(key)
	switch {
	case !ok:
		return text
	case i > 0:
		return splice(text, o.members[i-1].end, o.members[i].end, "")
	case len(o.members) > 1:
		return splice(text, o.members[0].start, o.members[1].start, "")
	}
	return splice(text, o.open+1, o.close, "")
}

func splice(text []byte, from, to int, with string) []byte {
	return append(append(bytes.Clone(text[:from]), with...), text[to:]...)
}
